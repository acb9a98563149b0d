"""Gateways tell each other that people, or what they may do, have changed."""

import asyncio
from collections.abc import Callable

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Database
from libs.common.errors import Unavailable

CHANNEL = "gateway_people"
RETRY_SECONDS = 1.0
# A line that is dead without having been closed is found by asking.
ASK_SECONDS = 30.0


async def announce_change(session: AsyncSession) -> None:
    await session.execute(text(f"NOTIFY {CHANNEL}"))


async def follow_changes(database: Database, changed: Callable[[], None]) -> None:
    """Until cancelled; after a broken line it is told once, for something may have been missed."""
    while True:
        try:
            await _listen(database, changed)
        except (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(RETRY_SECONDS)


async def _listen(database: Database, changed: Callable[[], None]) -> None:
    is_closed = asyncio.Event()
    async with database.dedicated() as connection:
        connection.add_termination_listener(lambda _: is_closed.set())
        await connection.add_listener(CHANNEL, lambda *_: changed())
        changed()
        while not is_closed.is_set():
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    await is_closed.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=ASK_SECONDS)
