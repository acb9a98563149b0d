"""The trainer room's view of machines on real PostgreSQL, at times that a test chooses."""

from collections.abc import AsyncIterator

import pytest_asyncio

from libs.common.db import Database, migrate
from services.trainer.app import SCHEMA
from tests.integration.system.watch import Watch
from tests.postgres import database, database_settings

__all__ = ["database", "database_settings"]


@pytest_asyncio.fixture
async def watch(database: Database) -> AsyncIterator[Watch]:
    """Nothing is known of any node yet."""
    await migrate(database, SCHEMA)
    opened = Watch(database)
    yield opened
    await opened.forget_all()
