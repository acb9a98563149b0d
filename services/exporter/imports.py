"""The rules of models from elsewhere: a file is kept aside until a job has seen that it is what it says."""

from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.exports import ModelFile
from libs.common.contracts.jobs import Job
from libs.common.contracts.models import ImportForeignModel, ImportModel, ModelVersion
from libs.common.contracts.packages import ModelCard
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.storage import ObjectNotFound, Storage
from libs.common.trash import Trash
from libs.tasks.foreign import card_of
from services.exporter.errors import ImportIsGone, ModelFileIsTooLarge, UploadIsGone
from services.exporter.models import ImportRow
from services.exporter.new_version import NewVersion
from services.exporter.registry import Registry
from services.exporter.repository.models import ModelRepository

# What protobuf reads as one message; beyond it a model keeps its weights in other files.
MAX_FILE_BYTES = 2**31 - 1


class Imports:
    def __init__(
        self,
        repository: ModelRepository,
        registry: Registry,
        trash: Trash,
        queue: JobQueue,
        storage: Storage,
    ) -> None:
        self._repository = repository
        self._registry = registry
        self._trash = trash
        self._queue = queue
        self._storage = storage

    async def begin(self, wanted: ImportModel) -> Job:
        """What can be refused without opening the file is refused now; the upload may go afterwards."""
        if wanted.size_bytes > MAX_FILE_BYTES:
            raise ModelFileIsTooLarge(f"{wanted.filename} has {wanted.size_bytes:,} bytes")
        card_of(wanted.model)
        await self._registry.require_free(wanted.name, wanted.project_id, wanted.model.task)
        version_id = new_id()
        given = wanted.model_copy(update={"key": artifacts.foreign_model_source(version_id)})
        spec = ImportForeignModel(version_id=version_id, **dict(given))
        await self._copy(wanted.key, spec.key)
        title = f"Import {wanted.name}"
        job_id = await self._queue.enqueue(spec, project_id=wanted.project_id, title=title)
        row = ImportRow(id=version_id, project_id=wanted.project_id, job_id=job_id, key=spec.key)
        await self._repository.add(row)
        return (await self._queue.get(job_id)).view()

    async def require(self, spec: ImportForeignModel) -> None:
        """Raises ImportIsGone where its project was deleted."""
        await self._locked(spec.version_id)

    async def complete(self, spec: ImportForeignModel, file: ModelFile, card: ModelCard) -> ModelVersion:
        """The file as it was sent goes."""
        row = await self._locked(spec.version_id)
        await self._trash.add(row.key)
        await self._repository.remove(row)
        new = NewVersion(
            project_id=spec.project_id,
            task=card.task,
            file=file,
            card=card,
            origin="upload",
            note=spec.note,
        )
        return await self._registry.view(await self._registry.add(spec.name, new))

    async def drop(self, spec: ImportForeignModel) -> None:
        """Of what was refused or cancelled nothing is kept."""
        row = await self._repository.lock_import(spec.version_id)
        if row is not None:
            await self._trash.add(artifacts.foreign_model_prefix(row.id), row.job_id)
            await self._repository.remove(row)

    async def forget_project(self, project_id: UUID) -> None:
        for row in await self._repository.imports_of_project(project_id):
            await self._queue.cancel(row.job_id)
            await self._trash.add(artifacts.foreign_model_prefix(row.id), row.job_id)

    async def _copy(self, source: str, target: str) -> None:
        try:
            await self._storage.copy(source, target)
        except ObjectNotFound as error:
            raise UploadIsGone("the uploaded file is gone; upload it again") from error

    async def _locked(self, version_id: UUID) -> ImportRow:
        row = await self._repository.lock_import(version_id)
        if row is None:
            raise ImportIsGone("its project was deleted, or it was given up")
        return row
