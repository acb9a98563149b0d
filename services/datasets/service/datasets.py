"""Datasets: registered, imported, added to, announced, deleted with their bytes."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.datasets import (
    AddSamples,
    CreateDataset,
    Dataset,
    DatasetDeleted,
    DatasetFailed,
    DatasetStatus,
    PrepareDataset,
)
from libs.common.contracts.imports import FormatOptions, ImportDataset
from libs.common.contracts.sources import DatasetSource, UploadSource
from libs.common.db.outbox import Outbox
from libs.common.errors import Problem, Unavailable
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.paging import after, page_of
from libs.common.storage import Storage
from libs.common.trash import Trash
from services.datasets.errors import (
    DatasetIsBusy,
    DatasetIsNotReady,
    DatasetNameTaken,
    DatasetNotFound,
    ProjectNotFound,
    VersionNotFound,
)
from services.datasets.formats import registry
from services.datasets.models import DatasetRow, VersionRow
from services.datasets.repository.datasets import DatasetRepository
from services.datasets.repository.projects import ProjectRepository
from services.datasets.service.uploads import Uploads

Check = Callable[[DatasetSource], Awaitable[None]]
IsThere = Callable[[DatasetSource], Awaitable[bool]]
WORKING = (DatasetStatus.IMPORTING, DatasetStatus.PREPARING)


class Datasets:
    """`check` refuses a source at once, `is_there` tells whether an import would find it."""

    def __init__(
        self,
        repository: DatasetRepository,
        trash: Trash,
        projects: ProjectRepository,
        uploads: Uploads,
        queue: JobQueue,
        outbox: Outbox,
        storage: Storage,
        check: Check,
        is_there: IsThere,
    ) -> None:
        self._repository = repository
        self._trash = trash
        self._projects = projects
        self._uploads = uploads
        self._queue = queue
        self._outbox = outbox
        self._storage = storage
        self._check = check
        self._is_there = is_there

    async def create(self, wanted: CreateDataset) -> Dataset:
        """Registered, and its import queued unless it stays raw for now."""
        await self.require_source(wanted.source, wanted.format)
        if await self._projects.get(wanted.project_id, lock=True) is None:
            raise ProjectNotFound(f"project {wanted.project_id} does not exist")
        await self._require_free_name(wanted.project_id, wanted.name)
        row = DatasetRow(
            id=new_id(),
            project_id=wanted.project_id,
            name=wanted.name,
            status=DatasetStatus.RAW.value,
            source=wanted.source.model_dump(mode="json"),
            format=wanted.format,
            options=wanted.options.model_dump(mode="json", exclude_defaults=True),
        )
        await self._repository.add(row)
        if not wanted.is_raw:
            await self._import(row, DatasetStatus.IMPORTING)
        return row.view()

    async def prepare(self, wanted: PrepareDataset) -> Dataset:
        """Imports a raw dataset, or once more one whose import failed."""
        row = await self.existing(wanted.dataset_id, lock=True)
        if row.status not in (DatasetStatus.RAW, DatasetStatus.FAILED):
            raise DatasetIsBusy(f"dataset {row.name} is {row.status}; only a raw or failed one is prepared")
        if wanted.adapter is not None:
            row.format = wanted.adapter
        if wanted.options is not None:
            row.options = wanted.options.model_dump(mode="json", exclude_defaults=True)
        await self.require_source(row.view().source, row.format)
        row.error_code = row.error_detail = None
        await self._import(row, DatasetStatus.PREPARING)
        return row.view()

    async def extend(self, wanted: AddSamples) -> Dataset:
        """More data, as a job; the versions there are stay usable meanwhile."""
        row = await self.existing(wanted.dataset_id, lock=True)
        if row.status != DatasetStatus.READY:
            raise DatasetIsNotReady(f"dataset {row.name} is {row.status}")
        if row.is_adding:
            raise DatasetIsBusy(f"samples are being added to {row.name} already")
        await self.require_source(wanted.source, wanted.format)
        row.is_adding, row.error_code, row.error_detail = True, None, None
        spec = ImportDataset(
            dataset_id=row.id,
            source=wanted.source,
            format=wanted.format or row.format,
            options=wanted.options,
            is_addition=True,
        )
        await self._enqueue(row, spec, f"Add to {row.name}")
        return row.view()

    async def get(self, dataset_id: UUID) -> Dataset:
        """Its status is looked up in the bytes; a store that does not answer leaves it as it was."""
        row = await self.existing(dataset_id)
        view = row.view()
        try:
            is_there = await self._has_bytes(view)
        except Unavailable:
            return view
        return view if is_there else view.model_copy(update={"status": DatasetStatus.NOT_FOUND})

    async def list_datasets(self, project_id: UUID, query: PageQuery) -> Page[Dataset]:
        rows = await self._repository.page(project_id, after(query, UUID), query.limit + 1)
        return page_of(rows, query, DatasetRow.view, lambda row: row.id)

    async def rename(self, dataset_id: UUID, name: str) -> Dataset:
        row = await self.existing(dataset_id, lock=True)
        if row.name != name:
            await self._projects.get(row.project_id, lock=True)
            await self._require_free_name(row.project_id, name)
            row.name = name
        return row.view()

    async def delete(self, dataset_id: UUID) -> None:
        await self._delete(await self.existing(dataset_id, lock=True))

    async def delete_all(self, project_id: UUID) -> None:
        for row in await self._repository.of_project(project_id):
            await self._delete(row)

    async def existing(self, dataset_id: UUID, *, lock: bool = False) -> DatasetRow:
        row = await self._repository.get(dataset_id, lock=lock)
        if row is None:
            raise DatasetNotFound(f"dataset {dataset_id} does not exist")
        return row

    async def version(self, dataset_id: UUID, version: int | None) -> VersionRow:
        """The given version, else the newest; raises DatasetIsNotReady before there is one."""
        dataset = await self.existing(dataset_id)
        if not dataset.version:
            raise DatasetIsNotReady(f"dataset {dataset.name} is {dataset.status}")
        row = await self._repository.version(dataset_id, dataset.version if version is None else version)
        if row is None:
            raise VersionNotFound(f"dataset {dataset.name} has no version {version}")
        return row

    async def fail(self, spec: ImportDataset, code: str, detail: str) -> None:
        """Nothing half-written stays: bytes that were stored go. A deleted dataset has nobody to tell."""
        row = await self._repository.get(spec.dataset_id, lock=True)
        if row is None:
            return
        row.error_code, row.error_detail = code, detail
        if spec.is_addition:
            # What the attempts stored is no part of any version; the collector takes it away.
            row.is_adding = False
        else:
            row.status = DatasetStatus.FAILED.value
            await self._trash.add(artifacts.dataset_prefix(row.id), None)
        failed = DatasetFailed(
            dataset_id=row.id, project_id=row.project_id, name=row.name, code=code, detail=detail
        )
        await self._outbox.add(failed)

    async def require_source(self, source: DatasetSource, format: str | None) -> None:
        """Raises what a user should hear at once: an unknown format, a source that may not be read."""
        if format is not None:
            registry.check_name(format)
        await self._check(source)
        if isinstance(source, UploadSource):
            await self._uploads.completed(source.upload_id)

    async def _import(self, row: DatasetRow, status: DatasetStatus) -> None:
        row.status = status.value
        await self._trash.take_back(artifacts.dataset_prefix(row.id))
        spec = ImportDataset(
            dataset_id=row.id,
            source=row.view().source,
            format=row.format,
            options=FormatOptions.model_validate(row.options),
        )
        await self._enqueue(row, spec, f"Import {row.name}")

    async def _enqueue(self, row: DatasetRow, spec: ImportDataset, title: str) -> None:
        row.job_id = await self._queue.enqueue(spec, project_id=row.project_id, title=title)

    async def _has_bytes(self, dataset: Dataset) -> bool:
        if dataset.status is DatasetStatus.RAW:
            source = dataset.source
            # Bytes of a deleted upload lie there until they are swept.
            is_gone = isinstance(source, UploadSource) and not await self._uploads.has(source.upload_id)
            return not is_gone and await self._is_there(source)
        if dataset.status is not DatasetStatus.READY:
            return True
        shard_id = await self._repository.any_shard(dataset.id)
        return shard_id is None or await self._storage.exists(artifacts.shard(dataset.id, shard_id))

    async def _delete(self, row: DatasetRow) -> None:
        if row.job_id is not None and (row.is_adding or row.status in WORKING):
            await self._queue.cancel(row.job_id)
        await self._trash.add(artifacts.dataset_prefix(row.id), row.job_id)
        await self._repository.delete(row)
        await self._outbox.add(DatasetDeleted(dataset_id=row.id, project_id=row.project_id, name=row.name))

    async def _require_free_name(self, project_id: UUID, name: str) -> None:
        """Asked while the project is locked, so that two cannot take it at once."""
        if await self._repository.has_name(project_id, name):
            message = f"another dataset of the project is named {name}"
            raise DatasetNameTaken(message, errors=[Problem(field="name", message=message)])
