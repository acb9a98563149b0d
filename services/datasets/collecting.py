"""The collector: objects of a dataset that no row speaks of, left behind by attempts that were killed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import artifacts
from libs.common.cancellation import end_if_cancelled
from libs.common.contracts.base import now
from libs.common.db.holding import may_delete_bytes
from libs.common.errors import Unavailable
from libs.common.log import get_logger
from libs.common.room import Resources
from libs.common.storage import StoredObject
from services.datasets.repository.objects import ObjectRepository
from services.datasets.settings import Settings

log = get_logger(__name__)


async def collect(resources: Resources[Settings]) -> None:
    """Until cancelled; several rooms of this kind may collect at once."""
    while True:
        end_if_cancelled()
        try:
            await collect_once(resources)
        except Unavailable as error:
            log.warning("collector_waits", code=error.code)
        await asyncio.sleep(resources.settings.collect_seconds)


async def collect_once(resources: Resources[Settings]) -> int:
    """How many objects went."""
    async with resources.database.transaction() as session:
        datasets = await ObjectRepository(session).quiet_datasets()
    return sum([await _collect_dataset(dataset_id, resources) for dataset_id in datasets])


async def _collect_dataset(dataset_id: UUID, resources: Resources[Settings]) -> int:
    """Listed first, and rows read afterwards: what is announced meanwhile is spoken of by then.

    Bytes are written before their row, so only what has waited long enough for one is an orphan. A running
    import keeps its dataset out of this altogether.
    """
    ripe = now() - timedelta(seconds=resources.settings.collect_grace_seconds)
    found = await resources.storage.list_objects(artifacts.dataset_prefix(dataset_id))
    old = [each.key for each in found if _is_older(each, ripe)]
    if not old:
        return 0
    async with resources.database.transaction() as session:
        repository = ObjectRepository(session)
        if not (await may_delete_bytes(session) and await repository.is_quiet(dataset_id)):
            return 0
        orphans = sorted(set(old) - await repository.keys(dataset_id))
        # Under the lock of the dataset: an import that begins now stores what it needs afterwards.
        await resources.storage.remove(orphans)
    if orphans:
        log.info("orphans_collected", dataset_id=str(dataset_id), count=len(orphans))
    return len(orphans)


def _is_older(found: StoredObject, moment: datetime) -> bool:
    return found.modified_at is not None and found.modified_at < moment
