"""An upload: one object of our own store."""

from pathlib import Path

from libs.common import artifacts
from libs.common.contracts.sources import UploadSource
from libs.common.room import Resources
from libs.common.storage import ObjectNotFound
from services.datasets.errors import UploadNotFound
from services.datasets.repository.uploads import UploadRepository
from services.datasets.settings import Settings
from services.datasets.sources.limits import check_disk, full_disk_named
from services.datasets.sources.meter import Meter
from services.datasets.sources.origin import Fetched, Progress


class FromUpload:
    async def check(self, source: UploadSource, settings: Settings) -> None:
        """Whether it is complete is asked of its row, in the transaction that uses it."""

    async def is_there(self, source: UploadSource, resources: Resources[Settings]) -> bool:
        return await resources.storage.exists(artifacts.upload(source.upload_id))

    async def fetch(
        self, source: UploadSource, folder: Path, resources: Resources[Settings], progress: Progress
    ) -> Fetched:
        async with resources.database.transaction() as session:
            filename = await UploadRepository(session).filename(source.upload_id)
        if filename is None:
            raise UploadNotFound(f"upload {source.upload_id} does not exist any more")
        key, path = artifacts.upload(source.upload_id), folder / "upload"
        try:
            size_bytes = (await resources.storage.stat(key)).size_bytes
            check_disk(folder, size_bytes)
            meter = Meter(size_bytes, progress)
            async with meter.telling():
                with full_disk_named():
                    await resources.storage.get_file(key, path, meter.add)
        except ObjectNotFound as error:
            raise UploadNotFound(f"the bytes of upload {source.upload_id} are gone") from error
        return Fetched(path, filename)
