"""Exports: a version of a dataset as one ZIP, in a format that can be imported again."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.dataset_exports import (
    CreateDatasetExport,
    DatasetExport,
    DatasetExported,
    DatasetExportState,
    ExportDataset,
)
from libs.common.contracts.exports import Download
from libs.common.contracts.imports import ImportProblem, Modality, ReportKind
from libs.common.db.outbox import Outbox
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.paging import after, page_of, whole_number
from libs.common.storage import Storage
from services.datasets.errors import ExportIsNotReady, ExportNotFound, FormatCannotCarry, SplitNotFound
from services.datasets.formats import registry
from services.datasets.handover import ExportOutcome
from services.datasets.models import DatasetExportRow, ReportRow
from services.datasets.repository.exports import ExportRepository
from services.datasets.repository.imports import ImportRepository
from services.datasets.service.datasets import Datasets


@dataclass(frozen=True)
class Wanted:
    dataset_id: UUID
    version: int
    split_id: UUID | None
    format: str
    modality: Modality
    classes: tuple[str, ...]


class Exports:
    def __init__(
        self,
        repository: ExportRepository,
        reports: ImportRepository,
        datasets: Datasets,
        queue: JobQueue,
        outbox: Outbox,
        storage: Storage,
    ) -> None:
        self._repository = repository
        self._reports = reports
        self._datasets = datasets
        self._queue = queue
        self._outbox = outbox
        self._storage = storage

    async def create(self, wanted: CreateDatasetExport) -> DatasetExport:
        registry.check_name(wanted.format)
        version = await self._datasets.version(wanted.dataset_id, wanted.version)
        dataset = await self._datasets.existing(wanted.dataset_id)
        _require_place(wanted.format, dataset.modality)
        if wanted.split_id is not None:
            await self._require_split(wanted.split_id, dataset.id, version.version)
        export_id = new_id()
        job_id = await self._queue.enqueue(
            ExportDataset(export_id=export_id),
            project_id=dataset.project_id,
            title=f"Export {dataset.name} as {wanted.format}",
        )
        row = DatasetExportRow(
            id=export_id,
            dataset_id=dataset.id,
            version=version.version,
            split_id=wanted.split_id,
            format=wanted.format,
            job_id=job_id,
            filename=f"{_plain(dataset.name)}-v{version.version}-{wanted.format}.zip",
        )
        await self._repository.add(row)
        return row.view()

    async def get(self, dataset_id: UUID, export_id: UUID, query: PageQuery) -> DatasetExport:
        row = await self._existing(export_id, dataset_id)
        losses = await self._reports.page_problems(row.job_id, after(query, whole_number), query.limit + 1)
        page = page_of(losses, query, lambda each: each.view(), lambda each: each.number)
        return row.view().model_copy(update={"losses": page})

    async def list_exports(self, dataset_id: UUID, query: PageQuery) -> Page[DatasetExport]:
        await self._datasets.existing(dataset_id)
        rows = await self._repository.page(dataset_id, after(query, UUID), query.limit + 1)
        return page_of(rows, query, DatasetExportRow.view, lambda row: row.id)

    async def download(self, dataset_id: UUID, export_id: UUID) -> Download:
        row = await self._existing(export_id, dataset_id)
        if row.state != DatasetExportState.COMPLETED or row.sha256 is None:
            raise ExportIsNotReady(f"export {row.filename} is {row.state}")
        key = artifacts.dataset_export(row.dataset_id, row.id)
        return Download(
            url=self._storage.presign_get(key, filename=row.filename),
            filename=row.filename,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
        )

    async def wanted(self, export_id: UUID) -> Wanted:
        row = await self._existing(export_id)
        dataset = (await self._datasets.existing(row.dataset_id)).view()
        version = await self._datasets.version(row.dataset_id, row.version)
        assert dataset.modality is not None
        classes = tuple(sorted(version.figures["labels"]))
        return Wanted(row.dataset_id, row.version, row.split_id, row.format, dataset.modality, classes)

    async def lines(self, wanted: Wanted) -> AsyncIterator[str]:
        """ExportedSample in JSON, in the order of names."""
        rows = self._repository.rows(wanted.dataset_id, wanted.version, wanted.split_id)
        async for row in rows:
            yield json.dumps({**row, "shard": str(row["shard"])})

    async def shards(self, wanted: Wanted) -> list[UUID]:
        return list(await self._repository.shards(wanted.dataset_id, wanted.version))

    async def complete(
        self, export_id: UUID, outcome: ExportOutcome, losses: Sequence[ImportProblem]
    ) -> None:
        row = await self._existing(export_id)
        dataset = (await self._datasets.existing(row.dataset_id)).view()
        assert dataset.modality is not None
        row.state, row.sha256, row.size_bytes = (
            DatasetExportState.COMPLETED.value,
            outcome.sha256,
            outcome.size_bytes,
        )
        row.num_samples, row.num_losses = outcome.num_samples, outcome.num_losses
        report = ReportRow(
            id=row.job_id,
            dataset_id=row.dataset_id,
            kind=ReportKind.EXPORT.value,
            format=row.format,
            modality=dataset.modality,
            samples={},
            annotations={},
            classes={},
            subsets={},
        )
        await self._reports.add_report(report, losses)
        exported = DatasetExported(
            dataset_id=dataset.id,
            project_id=dataset.project_id,
            name=dataset.name,
            export_id=row.id,
            format=row.format,
            version=row.version,
        )
        await self._outbox.add(exported)

    async def fail(self, export_id: UUID, code: str, detail: str) -> None:
        if row := await self._repository.get(export_id):
            row.state, row.error_code, row.error_detail = DatasetExportState.FAILED.value, code, detail

    async def _existing(self, export_id: UUID, dataset_id: UUID | None = None) -> DatasetExportRow:
        row = await self._repository.get(export_id)
        if row is None or (dataset_id is not None and row.dataset_id != dataset_id):
            raise ExportNotFound(f"export {export_id} does not exist")
        return row

    async def _require_split(self, split_id: UUID, dataset_id: UUID, version: int) -> None:
        found = await self._repository.split_version(split_id, dataset_id)
        if found is None:
            raise SplitNotFound(f"the dataset has no split {split_id}")
        if found != version:
            message = f"the split is one of version {found}"
            raise FormatCannotCarry(message, errors=[Problem(field="split_id", message=message)])


def _require_place(name: str, modality: str | None) -> None:
    if modality not in registry.FORMATS[name].modalities:
        message = f"{name} holds no {modality} samples"
        raise FormatCannotCarry(message, errors=[Problem(field="format", message=message)])


def _plain(name: str) -> str:
    """For the name of a file on anybody's disk."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80] or "dataset"
