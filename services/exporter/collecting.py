"""Bytes of exports and of models from elsewhere go: those of deleted rows, and what kills have left."""

import asyncio
from datetime import timedelta

from libs.common import artifacts
from libs.common.cancellation import end_if_cancelled
from libs.common.contracts.base import now
from libs.common.db.holding import may_delete_bytes
from libs.common.errors import Unavailable
from libs.common.log import get_logger
from libs.common.room import Resources
from libs.common.trash import empty
from services.exporter.models import TrashRow
from services.exporter.repository.models import ModelRepository
from services.exporter.settings import Settings

SWEEP_SECONDS = 5.0
COLLECT_SECONDS = 3600.0
# Bytes are written before their row: only what has waited so long for one is an orphan.
GRACE = timedelta(days=1)
PREFIXES = (artifacts.EXPORTS, artifacts.FOREIGN_MODELS)
log = get_logger(__name__)


async def sweep(resources: Resources[Settings]) -> None:
    """Until cancelled: bytes whose rows were deleted."""
    while True:
        try:
            await empty(resources, TrashRow)
        except Unavailable as error:
            log.warning("sweep_waits", code=error.code)
        await asyncio.sleep(SWEEP_SECONDS)


async def collect(resources: Resources[Settings]) -> None:
    """Until cancelled; several rooms of this kind may collect at once."""
    while True:
        end_if_cancelled()
        try:
            await collect_once(resources)
        except Unavailable as error:
            log.warning("collector_waits", code=error.code)
        await asyncio.sleep(COLLECT_SECONDS)


async def collect_once(resources: Resources[Settings], grace: timedelta = GRACE) -> int:
    """How many objects went. Listed first: what is announced meanwhile is spoken of by then."""
    ripe = now() - grace
    found = [each for prefix in PREFIXES for each in await resources.storage.list_objects(prefix)]
    old = [each.key for each in found if each.modified_at is not None and each.modified_at < ripe]
    async with resources.database.transaction() as session:
        if not await may_delete_bytes(session):
            return 0
        orphans = sorted(set(old) - await ModelRepository(session).spoken_of(old))
        await resources.storage.remove(orphans)
    if orphans:
        log.info("orphans_collected", count=len(orphans))
    return len(orphans)
