"""What nothing speaks of any more goes: expired uploads and detections, bytes of deleted datasets."""

import asyncio

from libs.common.contracts.jobs import JobState
from libs.common.db.holding import may_delete_bytes
from libs.common.errors import Unavailable
from libs.common.jobs import JobQueue
from libs.common.jobs.queue import JobNotFound
from libs.common.log import get_logger
from libs.common.room import Resources
from services.datasets.models import TrashRow
from services.datasets.repository.datasets import DatasetRepository
from services.datasets.repository.detections import DetectionRepository
from services.datasets.repository.uploads import UploadRepository
from services.datasets.service.uploads import Uploads
from services.datasets.settings import Settings

BATCH = 50
log = get_logger(__name__)


async def sweep(resources: Resources[Settings]) -> None:
    """Until cancelled; several rooms of this kind may sweep at once."""
    while True:
        try:
            await _remove_expired(resources)
            await _empty_trash(resources)
        except Unavailable as error:
            log.warning("sweep_waits", code=error.code)
        await asyncio.sleep(resources.settings.sweep_seconds)


async def _remove_expired(resources: Resources[Settings]) -> None:
    async with resources.database.transaction() as session:
        if not await may_delete_bytes(session):
            return
        uploads = Uploads(UploadRepository(session), resources.storage, resources.settings.upload_lifetime)
        if removed := await uploads.remove_expired(BATCH):
            log.info("uploads_expired", count=removed)
        await DetectionRepository(session).remove_expired(BATCH)


async def _empty_trash(resources: Resources[Settings]) -> None:
    async with resources.database.transaction() as session:
        if not await may_delete_bytes(session):
            return
        repository, queue = DatasetRepository(session), JobQueue(session)
        for row in await repository.trash(BATCH):
            # Asked before removing: what a job wrote before its end is removed with the rest.
            is_quiet = await _is_quiet(queue, row)
            await resources.storage.remove_prefix(row.prefix)
            if is_quiet:
                await repository.forget_trash(row)


async def _is_quiet(queue: JobQueue, row: TrashRow) -> bool:
    """Whether no job can write under the prefix any more."""
    if row.job_id is None:
        return True
    try:
        return JobState((await queue.get(row.job_id)).state).is_final
    except JobNotFound:
        return True
