"""What is to be kept for a time only: points of old runs go into files, old logs and checkpoints go."""

import asyncio

from libs.common.contracts.base import now
from libs.common.errors import TimedOut, Unavailable
from libs.common.log import get_logger
from libs.common.room import Resources
from services.trainer.settings import Settings
from services.trainer.unit import open_unit

log = get_logger(__name__)


async def archive(resources: Resources[Settings]) -> None:
    """Until cancelled; several processes may archive at once, each another run."""
    while True:
        try:
            if count := await archive_once(resources):
                log.info("points_archived", runs=count)
        except (Unavailable, TimedOut) as error:
            log.warning("archive_waits", code=error.code)
        await asyncio.sleep(resources.settings.archive_seconds)


async def archive_once(resources: Resources[Settings]) -> int:
    """Of how many runs points were put away; one transaction for each."""
    count = 0
    while await _put_away_next(resources):
        count += 1
    async with open_unit(resources) as service:
        await service.archive.forget_old(now())
    return count


async def _put_away_next(resources: Resources[Settings]) -> bool:
    async with open_unit(resources) as service:
        return await service.archive.put_away_next(now())
