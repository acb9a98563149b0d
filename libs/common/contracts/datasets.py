"""Datasets: where they come from and what becomes of them; what runs need to know about their data."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from libs.common.contracts.base import Fact, Gone, Name, Page, PageQuery, Request, View
from libs.common.contracts.imports import FormatName, FormatOptions, Modality
from libs.common.contracts.sources import DatasetSource


class DatasetStatus(StrEnum):
    """Told from the stored bytes, never from hope. Raw: registered, its source is there, not imported."""

    IMPORTING = "importing"
    RAW = "raw"
    PREPARING = "preparing"
    READY = "ready"
    NOT_FOUND = "not_found"
    FAILED = "failed"


class Shard(View):
    """A plain tar of sample bytes in the object store; samples lie at byte offsets inside."""

    key: str
    size_bytes: int


class Dataset(View):
    """`job_id` is the import at work, or the last one; the numbers are those of the newest version.

    A ready dataset with an `error_code` is one to which adding data failed.
    """

    id: UUID
    project_id: UUID
    name: str
    status: DatasetStatus
    source: DatasetSource
    format: str | None = None
    modality: Modality | None = None
    version: int = 0
    num_samples: int = 0
    size_bytes: int = 0
    classes: tuple[str, ...] = ()
    job_id: UUID | None = None
    is_adding: bool = False
    error_code: str | None = None
    error_detail: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class DataPart(View):
    """One dataset of several that were combined."""

    dataset_id: UUID
    dataset_name: str
    version: int
    split_id: UUID


class DataReference(View):
    """All that training, evaluation, export and serving need to know about their data; nobody asks back.

    Of several datasets the first is named here and the others in `also`; manifest, shards, classes and counts
    are those of all together. `num_left_out` were held out by another of them and are trained on by none.
    `untrained` are classes of which `train` has no sample. It is empty, and `modality` and `annotation_types`
    are None, in references of old, which did not say.
    """

    project_id: UUID
    dataset_id: UUID
    dataset_name: str
    version: int
    split_id: UUID
    manifest: str
    shards: tuple[Shard, ...]
    classes: tuple[str, ...]
    subset_counts: dict[str, int]
    untrained: tuple[str, ...] = ()
    modality: Modality | None = None
    annotation_types: tuple[str, ...] | None = None
    also: tuple[DataPart, ...] = ()
    num_left_out: int = 0

    @property
    def parts(self) -> tuple[DataPart, ...]:
        """Every dataset, the first one first."""
        own = {name: getattr(self, name) for name in DataPart.model_fields}
        return (DataPart(**own), *self.also)

    @property
    def held_out(self) -> tuple[str, ...]:
        """What a model is judged on when nobody chose: the test subset, else val, else all there is."""
        filled = tuple(name for name, count in self.subset_counts.items() if count)
        return tuple(name for name in ("test", "val") if name in filled)[:1] or filled


class CreateDataset(Request[Dataset], subject="svc.datasets.dataset.create"):
    """Imported at once, unless `is_raw`: then it waits for `PrepareDataset`."""

    project_id: UUID
    name: Name
    source: DatasetSource
    format: FormatName | None = None
    options: FormatOptions = FormatOptions()
    is_raw: bool = False


class PrepareDataset(Request[Dataset], subject="svc.datasets.dataset.prepare"):
    """Imports a raw dataset, or one whose import failed; `adapter` is a format, ours or a plug-in's."""

    dataset_id: UUID
    adapter: FormatName | None = None
    options: FormatOptions | None = None


class AddSamples(Request[Dataset], subject="svc.datasets.dataset.extend"):
    """More samples, as a job; they make a new version. Files that the dataset holds already are left out."""

    dataset_id: UUID
    source: DatasetSource
    format: FormatName | None = None
    options: FormatOptions = FormatOptions()


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


class DatasetReady(Fact, noun="dataset", past="ready"):
    """Its first version can be looked at, split and trained on."""

    dataset_id: UUID
    name: str
    version: int
    num_samples: int
    classes: tuple[str, ...]


class DatasetFailed(Fact, noun="dataset", past="failed"):
    """Its import has ended without a version; `detail` says what to mend."""

    dataset_id: UUID
    name: str
    code: str
    detail: str


class DatasetDeleted(Fact, noun="dataset", past="deleted"):
    """With its samples."""

    dataset_id: UUID
    name: str
