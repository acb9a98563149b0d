"""Datasets: where they come from, their immutable versions, what the import reported."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from libs.common.contracts.base import Fact, Gone, JobSpec, Name, Page, PageQuery, Request, View


class DatasetStatus(StrEnum):
    """Told from the stored bytes, never from hope."""

    IMPORTING = "importing"
    RAW = "raw"
    PREPARING = "preparing"
    READY = "ready"
    NOT_FOUND = "not_found"
    FAILED = "failed"


class UploadSource(View):
    type: Literal["upload"] = "upload"
    upload_id: UUID


# Later sources (path, s3, url, huggingface) join here as a union told apart by `type`.
DatasetSource = UploadSource


class ClassCount(View):
    name: str
    count: int


class Shard(View):
    """A plain tar of sample bytes in the object store; samples lie at byte offsets inside."""

    key: str
    size_bytes: int


class Dataset(View):
    id: UUID
    project_id: UUID
    name: str
    status: DatasetStatus
    format: str | None = None
    version: int = 0
    num_samples: int = 0
    size_bytes: int = 0
    classes: tuple[str, ...] = ()
    job_id: UUID | None = None
    error_code: str | None = None
    error_detail: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class DatasetVersion(View):
    dataset_id: UUID
    version: int
    num_samples: int
    message: str
    created_at: AwareDatetime


class DatasetStats(View):
    dataset_id: UUID
    version: int
    num_samples: int
    size_bytes: int
    classes: tuple[ClassCount, ...]
    min_width: int
    max_width: int
    min_height: int
    max_height: int


class ImportProblem(View):
    """One rejected or repaired item: which file, which row, why, and what became of it."""

    path: str
    row: int | None = None
    code: str
    message: str
    outcome: Literal["rejected", "repaired", "duplicate", "warning"]


class ImportReport(View):
    """Counts add up: num_found = num_imported + num_rejected + num_duplicates."""

    dataset_id: UUID
    format: str
    num_found: int
    num_imported: int
    num_rejected: int
    num_repaired: int
    num_duplicates: int
    problems: Page[ImportProblem]


class DataReference(View):
    """All that training, evaluation, export and serving need to know about their data; nobody asks back."""

    project_id: UUID
    dataset_id: UUID
    dataset_name: str
    version: int
    split_id: UUID
    manifest: str
    shards: tuple[Shard, ...]
    classes: tuple[str, ...]
    subset_counts: dict[str, int]

    @property
    def held_out(self) -> tuple[str, ...]:
        """What a model is judged on when nobody chose: the test subset, else val, else all there is."""
        filled = tuple(name for name, count in self.subset_counts.items() if count)
        return tuple(name for name in ("test", "val") if name in filled)[:1] or filled


class CreateDataset(Request[Dataset], subject="svc.datasets.dataset.create"):
    project_id: UUID
    name: Name
    source: DatasetSource
    format: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")] | None = None


class GetDataset(Request[Dataset], subject="svc.datasets.dataset.get"):
    dataset_id: UUID


class ListDatasets(Request[Page[Dataset]], subject="svc.datasets.dataset.list"):
    project_id: UUID
    query: PageQuery = PageQuery()


class UpdateDataset(Request[Dataset], subject="svc.datasets.dataset.update"):
    dataset_id: UUID
    name: Name


class DeleteDataset(Request[Gone], subject="svc.datasets.dataset.delete"):
    dataset_id: UUID


class ListVersions(Request[Page[DatasetVersion]], subject="svc.datasets.version.list"):
    dataset_id: UUID
    query: PageQuery = PageQuery()


class GetStats(Request[DatasetStats], subject="svc.datasets.dataset.stats"):
    dataset_id: UUID
    version: int | None = None


class GetImportReport(Request[ImportReport], subject="svc.datasets.dataset.report"):
    dataset_id: UUID
    query: PageQuery = PageQuery()


class ImportDataset(JobSpec, kind="dataset.import"):
    dataset_id: UUID


class DatasetReady(Fact, noun="dataset", past="ready"):
    dataset_id: UUID
    name: str
    version: int
    num_samples: int
    classes: tuple[str, ...]


class DatasetFailed(Fact, noun="dataset", past="failed"):
    dataset_id: UUID
    name: str
    code: str
    detail: str


class DatasetDeleted(Fact, noun="dataset", past="deleted"):
    dataset_id: UUID
    name: str
