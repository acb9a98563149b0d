"""Exports of datasets: a version, in a format that can be imported, as one ZIP."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from libs.common.contracts.base import Fact, JobSpec, Page, PageQuery, Request, View
from libs.common.contracts.exports import Download
from libs.common.contracts.imports import FormatName, ImportProblem


class DatasetExportState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class DatasetExport(View):
    """`num_losses` counts what the format cannot carry; the losses themselves come with `get`."""

    id: UUID
    dataset_id: UUID
    version: int
    split_id: UUID | None
    format: str
    state: DatasetExportState
    job_id: UUID
    filename: str
    size_bytes: int = 0
    sha256: str | None = None
    num_samples: int = 0
    num_losses: int = 0
    losses: Page[ImportProblem] = Page()
    error_code: str | None = None
    error_detail: str | None = None
    created_at: AwareDatetime


class CreateDatasetExport(Request[DatasetExport], subject="svc.datasets.export.create"):
    """Subsets are those of `split_id`, else those that the import named."""

    dataset_id: UUID
    format: FormatName
    version: int | None = None
    split_id: UUID | None = None


class GetDatasetExport(Request[DatasetExport], subject="svc.datasets.export.get"):
    dataset_id: UUID
    export_id: UUID
    query: PageQuery = PageQuery()


class ListDatasetExports(Request[Page[DatasetExport]], subject="svc.datasets.export.list"):
    dataset_id: UUID
    query: PageQuery = PageQuery()


class DownloadDatasetExport(Request[Download], subject="svc.datasets.export.download"):
    dataset_id: UUID
    export_id: UUID


class ExportDataset(JobSpec, kind="dataset.export"):
    export_id: UUID


class DatasetExported(Fact, noun="dataset", past="exported"):
    """A version can be downloaded in another format."""

    dataset_id: UUID
    name: str
    export_id: UUID
    format: str
    version: int
