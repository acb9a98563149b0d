"""What nothing speaks of any more goes: expired uploads and detections, bytes of deleted datasets."""

import asyncio

from libs.common.errors import Unavailable
from libs.common.log import get_logger
from libs.common.room import Resources
from libs.common.trash import Trash, empty
from services.datasets.models import TrashRow
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
            await empty(resources, TrashRow)
        except Unavailable as error:
            log.warning("sweep_waits", code=error.code)
        await asyncio.sleep(resources.settings.sweep_seconds)


async def _remove_expired(resources: Resources[Settings]) -> None:
    async with resources.database.transaction() as session:
        trash, lifetime = Trash(session, TrashRow), resources.settings.upload_lifetime
        uploads = Uploads(UploadRepository(session), trash, resources.storage, lifetime)
        if removed := await uploads.remove_expired(BATCH):
            log.info("uploads_expired", count=removed)
        await DetectionRepository(session).remove_expired(BATCH)
