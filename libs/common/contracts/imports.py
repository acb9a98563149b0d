"""Imports: what a format is told, what it found and dropped, and a look before anything is stored."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import JobSpec, Page, PageQuery, Request, View
from libs.common.contracts.samples import Sample
from libs.common.contracts.sources import DatasetSource

Column = Annotated[str, StringConstraints(min_length=1, max_length=300)]
FormatName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
Modality = Literal["image", "image_text", "text", "tabular"]


class FormatOptions(View):
    """What a format cannot guess; everything left out is guessed, and the report says how.

    Columns are those of CSV, JSONL and Parquet. `path_column` names the sample's file; several
    `label_columns` that hold 0 and 1 make several labels, as does `label_separator` inside one;
    `mask_classes` are the names of a mask's grey values or palette indices.
    """

    path_column: Column | None = None
    text_column: Column | None = None
    caption_column: Column | None = None
    label_columns: Annotated[tuple[Column, ...], Field(max_length=2000)] = ()
    target_columns: Annotated[tuple[Column, ...], Field(max_length=200)] = ()
    subset_column: Column | None = None
    label_separator: Annotated[str, StringConstraints(min_length=1, max_length=3)] | None = None
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    encoding: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] | None = None
    mask_classes: dict[Annotated[int, Field(ge=0, le=255)], Column] = {}


class ImportProblem(View):
    """One item that is not as it was: which file, which row (from 1), why, and what became of it.

    Of level `sample` the item is a file or row that should be one; of level `annotation` it is a part of
    one. A duplicate is kept once; a warning changes nothing.
    """

    path: str
    row: int | None = None
    code: str
    message: str
    outcome: Literal["rejected", "repaired", "duplicate", "warning"]
    level: Literal["sample", "annotation"] = "sample"


class Tally(View):
    """Adds up: found = imported + rejected + duplicates. The repaired are among the imported.

    Annotations of a sample that was not imported count as rejected with it, duplicates' as duplicates.
    """

    num_found: int = 0
    num_imported: int = 0
    num_rejected: int = 0
    num_duplicates: int = 0
    num_repaired: int = 0


class ClassCount(View):
    name: str
    count: int


class ReportKind(StrEnum):
    IMPORT = "import"
    ADD = "add"
    DETECT = "detect"
    EXPORT = "export"


class ImportReport(View):
    """The counts of samples lie flat in it, those of annotations in `annotations`."""

    id: UUID
    kind: ReportKind
    dataset_id: UUID | None
    format: str
    modality: Modality
    num_found: int
    num_imported: int
    num_rejected: int
    num_repaired: int
    num_duplicates: int
    annotations: Tally
    classes: tuple[ClassCount, ...] = ()
    subsets: tuple[ClassCount, ...] = ()
    created_at: AwareDatetime
    problems: Page[ImportProblem]


class DetectionState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Detection(View):
    """What an import would find; `task` is the one that the annotations suggest, `report` is there when done.

    `examples` are some of the samples; they are stored nowhere, so their ids lead to nothing.
    """

    id: UUID
    job_id: UUID
    state: DetectionState
    is_thorough: bool
    format: str | None = None
    task: str | None = None
    report: ImportReport | None = None
    examples: tuple["Example", ...] = ()
    error_code: str | None = None
    error_detail: str | None = None
    created_at: AwareDatetime


class Example(View):
    """A sample before it is one; `thumbnail` is a JPEG in base64, there after a thorough look."""

    name: str
    width: int | None = None
    height: int | None = None
    labels: tuple[str, ...] = ()
    excerpt: str | None = None
    thumbnail: str | None = None


class FormatDescription(View):
    name: str
    title: str
    modalities: tuple[Modality, ...]
    annotation_types: tuple[str, ...]


class ListFormats(Request[Page[FormatDescription]], subject="svc.datasets.format.list"):
    """Those that can be imported, and exported."""


class DetectDataset(Request[Detection], subject="svc.datasets.detection.create"):
    """Nothing is stored. A thorough look decodes every sample, as the import will."""

    source: DatasetSource
    format: FormatName | None = None
    options: FormatOptions = FormatOptions()
    is_thorough: bool = False
    made_by: UUID | None = None


class GetDetection(Request[Detection], subject="svc.datasets.detection.get"):
    detection_id: UUID
    query: PageQuery = PageQuery()


class GetImportReport(Request[ImportReport], subject="svc.datasets.dataset.report"):
    """The newest of the dataset, or the one of `report_id`."""

    dataset_id: UUID
    report_id: UUID | None = None
    query: PageQuery = PageQuery()


class GetPreview(Request[Page[Sample]], subject="svc.datasets.dataset.preview"):
    """Five samples, others each time."""

    dataset_id: UUID
    version: int | None = None


class DetectSource(JobSpec, kind="dataset.detect"):
    detection_id: UUID


class ImportDataset(JobSpec, kind="dataset.import"):
    """Into an empty dataset, or more samples into one that has a version."""

    dataset_id: UUID
    source: DatasetSource
    format: FormatName | None = None
    options: FormatOptions = FormatOptions()
    is_addition: bool = False
