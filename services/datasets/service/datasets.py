"""Datasets: registered, imported, announced, deleted with their bytes."""

from collections.abc import Iterable
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.datasets import (
    CreateDataset,
    Dataset,
    DatasetDeleted,
    DatasetFailed,
    DatasetReady,
    DatasetStats,
    DatasetStatus,
    DatasetVersion,
    ImportDataset,
    ImportProblem,
    ImportReport,
)
from libs.common.db.outbox import Outbox
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.paging import after, page_of, whole_number
from services.datasets import formats
from services.datasets.errors import (
    DatasetIsNotReady,
    DatasetNameTaken,
    DatasetNotFound,
    ProjectNotFound,
    ReportNotFound,
    VersionNotFound,
)
from services.datasets.handover import Outcome
from services.datasets.models import DatasetRow, ReportRow, VersionRow
from services.datasets.repository.datasets import DatasetRepository
from services.datasets.repository.projects import ProjectRepository
from services.datasets.repository.samples import SampleRepository
from services.datasets.service.uploads import Uploads

FIRST_VERSION = 1


class Datasets:
    def __init__(
        self,
        repository: DatasetRepository,
        projects: ProjectRepository,
        samples: SampleRepository,
        uploads: Uploads,
        queue: JobQueue,
        outbox: Outbox,
    ) -> None:
        self._repository = repository
        self._projects = projects
        self._samples = samples
        self._uploads = uploads
        self._queue = queue
        self._outbox = outbox

    async def create(self, wanted: CreateDataset) -> Dataset:
        """Registered, and its import queued."""
        if wanted.format is not None:
            formats.check_name(wanted.format)
        if await self._projects.get(wanted.project_id, lock=True) is None:
            raise ProjectNotFound(f"project {wanted.project_id} does not exist")
        await self._require_free_name(wanted.project_id, wanted.name)
        await self._uploads.completed(wanted.source.upload_id)
        dataset_id = new_id()
        job_id = await self._queue.enqueue(
            ImportDataset(dataset_id=dataset_id), project_id=wanted.project_id, title=f"Import {wanted.name}"
        )
        row = DatasetRow(
            id=dataset_id,
            project_id=wanted.project_id,
            name=wanted.name,
            source=wanted.source.model_dump(mode="json"),
            format=wanted.format,
            job_id=job_id,
        )
        await self._repository.add(row)
        return row.view()

    async def get(self, dataset_id: UUID) -> Dataset:
        return (await self.existing(dataset_id)).view()

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

    async def list_versions(self, dataset_id: UUID, query: PageQuery) -> Page[DatasetVersion]:
        await self.existing(dataset_id)
        rows = await self._repository.page_versions(dataset_id, after(query, whole_number), query.limit + 1)
        return page_of(rows, query, VersionRow.view, lambda row: row.version)

    async def stats(self, dataset_id: UUID, version: int | None) -> DatasetStats:
        return (await self.version(dataset_id, version)).stats()

    async def report(self, dataset_id: UUID, query: PageQuery) -> ImportReport:
        await self.existing(dataset_id)
        row = await self._repository.report(dataset_id)
        if row is None:
            raise ReportNotFound(f"dataset {dataset_id} has not been imported")
        problems = await self._repository.page_problems(
            dataset_id, after(query, whole_number), query.limit + 1
        )
        return ImportReport(
            dataset_id=dataset_id,
            format=row.format,
            num_found=row.num_found,
            num_imported=row.num_imported,
            num_rejected=row.num_rejected,
            num_repaired=row.num_repaired,
            num_duplicates=row.num_duplicates,
            problems=page_of(problems, query, lambda problem: problem.view(), lambda problem: problem.number),
        )

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

    async def complete(self, dataset_id: UUID, outcome: Outcome, problems: Iterable[ImportProblem]) -> None:
        """Version, report and fact, after the samples were added; DatasetNotFound if deleted meanwhile."""
        row = await self.existing(dataset_id, lock=True)
        version = await self._add_version(
            dataset_id, FIRST_VERSION, f"Import of {outcome.num_imported} samples"
        )
        await self._add_report(dataset_id, outcome, problems)
        row.status, row.format, row.version = DatasetStatus.READY.value, outcome.format, version.version
        row.num_samples, row.size_bytes = version.num_samples, version.size_bytes
        row.classes = sorted(version.class_counts)
        ready = DatasetReady(
            dataset_id=row.id,
            project_id=row.project_id,
            name=row.name,
            version=row.version,
            num_samples=row.num_samples,
            classes=tuple(row.classes),
        )
        await self._outbox.add(ready)

    async def fail(self, dataset_id: UUID, code: str, detail: str) -> None:
        """Nothing half-written stays: bytes that were stored go. A deleted dataset has nobody to tell."""
        row = await self._repository.get(dataset_id, lock=True)
        if row is None:
            return
        row.status, row.error_code, row.error_detail = DatasetStatus.FAILED.value, code, detail
        await self._repository.add_trash(artifacts.dataset_prefix(row.id), None)
        failed = DatasetFailed(
            dataset_id=row.id, project_id=row.project_id, name=row.name, code=code, detail=detail
        )
        await self._outbox.add(failed)

    async def _add_version(self, dataset_id: UUID, version: int, message: str) -> VersionRow:
        extent = await self._samples.extent(dataset_id, version)
        num_samples, size_bytes, min_width, max_width, min_height, max_height = extent
        row = VersionRow(
            dataset_id=dataset_id,
            version=version,
            message=message,
            num_samples=num_samples,
            size_bytes=size_bytes,
            class_counts=await self._samples.class_counts(dataset_id, version),
            min_width=min_width,
            max_width=max_width,
            min_height=min_height,
            max_height=max_height,
        )
        await self._repository.add(row)
        return row

    async def _add_report(
        self, dataset_id: UUID, outcome: Outcome, problems: Iterable[ImportProblem]
    ) -> None:
        row = ReportRow(
            dataset_id=dataset_id,
            format=outcome.format,
            num_found=outcome.num_found,
            num_imported=outcome.num_imported,
            num_rejected=outcome.num_rejected,
            num_repaired=0,
            num_duplicates=outcome.num_duplicates,
        )
        await self._repository.add(row)
        await self._repository.add_problems(dataset_id, problems)

    async def _delete(self, row: DatasetRow) -> None:
        if row.status == DatasetStatus.IMPORTING and row.job_id is not None:
            await self._queue.cancel(row.job_id)
        await self._repository.add_trash(artifacts.dataset_prefix(row.id), row.job_id)
        await self._repository.delete(row)
        await self._outbox.add(DatasetDeleted(dataset_id=row.id, project_id=row.project_id, name=row.name))

    async def _require_free_name(self, project_id: UUID, name: str) -> None:
        """Asked while the project is locked, so that two cannot take it at once."""
        if await self._repository.has_name(project_id, name):
            message = f"another dataset of the project is named {name}"
            raise DatasetNameTaken(message, errors=[Problem(field="name", message=message)])
