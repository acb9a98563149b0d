"""Schemas and their histories."""

import asyncio

from alembic import command
from sqlalchemy import Connection

import libs.common.jobs.model  # noqa: F401 (its tables belong to the platform schema)
from libs.common.db import PLATFORM, Database, migrate
from libs.common.db.schema import alembic_config


async def test_rooms_that_start_together_take_turns_at_migrating(database: Database) -> None:
    await asyncio.gather(*(migrate(database) for _ in range(4)))


async def test_the_platform_tables_are_what_their_history_makes(database: Database) -> None:
    def check(connection: Connection) -> None:
        command.check(alembic_config(connection, PLATFORM))

    async with database.engine.begin() as connection:
        await connection.run_sync(check)
