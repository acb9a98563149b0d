"""The reaper: gives up on workers that are gone, once the scheduler itself was there for long enough."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db.database import Database
from libs.common.errors import Unavailable
from libs.common.jobs.model import JobRow
from libs.common.jobs.queue import LEASE_SECONDS, JobQueue
from libs.common.log import get_logger

log = get_logger(__name__)

TICKS_PER_LEASE = 12

Settle = Callable[[AsyncSession, Sequence[JobRow]], Awaitable[None]]


class LeaseClock:
    """Stands still while bus, database or this process was away, and then grants everyone a whole lease.

    Without this a 6 s outage cost three finished jobs: their beats could not arrive, and that is not death.
    """

    def __init__(self, lease_seconds: float, now: float) -> None:
        self._lease_seconds = lease_seconds
        self._tick_seconds = lease_seconds / TICKS_PER_LEASE
        self._steady_since = now
        self._last_tick = now

    def tick(self, now: float, *, is_connected: bool) -> bool:
        """True when the connection was unbroken for a whole lease; a late tick means that we were paused."""
        was_paused = now - self._last_tick > 3 * self._tick_seconds
        self._last_tick = now
        if was_paused or not is_connected:
            self._steady_since = now
        return now - self._steady_since >= self._lease_seconds


async def reap(
    database: Database,
    is_bus_connected: Callable[[], bool],
    *,
    lease_seconds: float = LEASE_SECONDS,
    settle: Settle | None = None,
) -> None:
    """Until cancelled. `settle` writes the room's own rows about lost jobs in the same transaction."""
    clock = LeaseClock(lease_seconds, time.monotonic())
    while True:
        await asyncio.sleep(lease_seconds / TICKS_PER_LEASE)
        try:
            await database.ping()
            if clock.tick(time.monotonic(), is_connected=is_bus_connected()):
                await _requeue_lost(database, settle)
        except Unavailable as error:
            log.warning("reaper_waits", code=error.code)
            clock.tick(time.monotonic(), is_connected=False)


async def _requeue_lost(database: Database, settle: Settle | None) -> None:
    async with database.transaction() as session:
        lost = await JobQueue(session).requeue_lost()
        if lost and settle is not None:
            await settle(session, lost)
    for row in lost:
        log.warning("worker_lost", job_id=str(row.id), kind=row.kind, worker=row.worker, state=row.state)
