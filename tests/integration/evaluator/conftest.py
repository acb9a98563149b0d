"""Real PostgreSQL with the evaluator's schema, and its service in transactions of their own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest_asyncio

from libs.common.db import Database, migrate
from services.evaluator.app import SCHEMA
from services.evaluator.app import open_service as open_service_of
from services.evaluator.service import Service
from tests.postgres import database, database_settings

__all__ = ["OpenService", "database", "database_settings", "open_service"]

OpenService = Callable[[], AbstractAsyncContextManager[Service]]


@pytest_asyncio.fixture(scope="module")
async def open_service(database: Database) -> OpenService:
    await migrate(database, SCHEMA)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with database.transaction() as session:
            yield open_service_of(None, session)

    return opened
