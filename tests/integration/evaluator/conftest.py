"""Real PostgreSQL with the evaluator's schema, and its service in transactions of their own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest_asyncio

from libs.common.db import Database, migrate
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobQueue
from services.evaluator.app import SCHEMA
from services.evaluator.repository import Repository
from services.evaluator.service import Service
from tests.postgres import database, database_settings, postgres_server

__all__ = ["OpenService", "database", "database_settings", "open_service", "postgres_server"]

OpenService = Callable[[], AbstractAsyncContextManager[Service]]


@pytest_asyncio.fixture(scope="module")
async def open_service(database: Database) -> OpenService:
    await migrate(database, SCHEMA)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with database.transaction() as session:
            yield Service(Repository(session), JobQueue(session), Outbox(session))

    return opened
