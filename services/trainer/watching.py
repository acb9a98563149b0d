"""Looks for nodes that have fallen silent and jobs that wait too long, and keeps what was told in order."""

import asyncio
import time

from libs.common.contracts.base import now
from libs.common.errors import TimedOut, Unavailable
from libs.common.jobs.reaper import TICKS_PER_LEASE, LeaseClock
from libs.common.log import get_logger
from libs.common.room import Resources
from services.trainer.settings import Settings
from services.trainer.unit import open_unit

HOUSEKEEPING_SECONDS = 60.0
log = get_logger(__name__)


async def watch(resources: Resources[Settings]) -> None:
    """Until cancelled; several processes may watch at once."""
    away_seconds, cleaned = resources.settings.nodes.away_seconds, -HOUSEKEEPING_SECONDS
    # While the bus or the database was away nobody could tell anything.
    clock = LeaseClock(away_seconds, time.monotonic())
    while True:
        await asyncio.sleep(away_seconds / TICKS_PER_LEASE)
        try:
            await resources.database.ping()
            is_steady = clock.tick(time.monotonic(), is_connected=resources.bus.is_connected)
            async with open_unit(resources) as service:
                if is_steady:
                    await service.alerts.look_for_silence(now())
                    await service.alerts.look_at_queue(now())
                if time.monotonic() - cleaned >= HOUSEKEEPING_SECONDS:
                    await service.nodes.keep_house(now())
                    cleaned = time.monotonic()
        except (Unavailable, TimedOut) as error:
            log.warning("watch_waits", code=error.code)
            clock.tick(time.monotonic(), is_connected=False)
