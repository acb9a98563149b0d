"""Real PostgreSQL for this folder, and its queue."""

import pytest
import pytest_asyncio
from sqlalchemy import text

from libs.common.db import Database
from tests.integration.jobs.counter import Scheduler
from tests.postgres import database, database_settings

__all__ = ["database", "database_settings"]


@pytest_asyncio.fixture
async def empty_queue(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("TRUNCATE platform.job, platform.job_limit, platform.outbox"))


@pytest.fixture
def scheduler(database: Database) -> Scheduler:
    return Scheduler(database)


@pytest.fixture
def hasty(database: Database) -> Scheduler:
    """A scheduler whose leases have run out when they are given."""
    return Scheduler(database, lease_seconds=0)
