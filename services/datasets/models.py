"""Tables of the datasets room."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.dataset_exports import DatasetExport, DatasetExportState
from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.imports import DetectionState, ImportProblem
from libs.common.contracts.projects import Project
from libs.common.contracts.samples import Sample
from libs.common.contracts.splits import Split, SubsetPreview
from libs.common.contracts.uploads import UploadState
from libs.common.contracts.versions import DatasetVersion
from libs.common.db import COLUMN_TYPES, room_metadata
from libs.common.trash import TrashTable

# Byte by byte, the same in every database whatever its language is; and twice as fast to compare.
NAME = Text(collation="C")
NAMED: dict[str, Any] = {"postgresql_include": ["name"]}


class Model(DeclarativeBase):
    metadata = room_metadata("datasets")
    type_annotation_map = COLUMN_TYPES


class ProjectRow(Model):
    __tablename__ = "projects"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    task: Mapped[str]
    description: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    def view(self, num_datasets: int) -> Project:
        return Project(
            id=self.id,
            name=self.name,
            task=self.task,
            description=self.description,
            num_datasets=num_datasets,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


class UploadRow(Model):
    """`multipart` is the store's own id while parts arrive, `made_by` the account that it belongs to."""

    __tablename__ = "uploads"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    filename: Mapped[str]
    size_bytes: Mapped[int]
    state: Mapped[str] = mapped_column(default=UploadState.OPEN.value)
    part_size_bytes: Mapped[int]
    multipart: Mapped[str | None]
    made_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class DatasetRow(Model):
    """`source`, `format` and `options` are those of its first import, the numbers of the newest version.

    `job_id` is the import at work or the last one; `is_adding` while one adds to a dataset that is ready.
    """

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey(ProjectRow.id, ondelete="CASCADE"))
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default=DatasetStatus.IMPORTING.value)
    source: Mapped[dict[str, Any]]
    format: Mapped[str | None]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    modality: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0)
    num_samples: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(default=0)
    classes: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    job_id: Mapped[UUID | None]
    is_adding: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    def view(self) -> Dataset:
        return Dataset.model_validate({name: getattr(self, name) for name in Dataset.model_fields})


class VersionRow(Model):
    """Immutable; its samples are told by their row intervals, `figures` were counted once (`figures.py`)."""

    __tablename__ = "versions"

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message: Mapped[str]
    num_samples: Mapped[int]
    size_bytes: Mapped[int]
    num_added: Mapped[int]
    num_removed: Mapped[int]
    num_changed: Mapped[int]
    figures: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self) -> DatasetVersion:
        return DatasetVersion.model_validate(
            {name: getattr(self, name) for name in DatasetVersion.model_fields}
        )


class ShardRow(Model):
    """A tar of samples and the tar of their thumbnails."""

    __tablename__ = "shards"
    __table_args__ = (Index(None, "dataset_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    size_bytes: Mapped[int]


class StagedChunkRow(Model):
    """A chunk of an import at work whose shard is stored: the next attempt goes on behind it.

    `fingerprint` is that of the files it was made of, `outcome` its samples and problems (see handover.py).
    """

    __tablename__ = "staged_chunks"
    __table_args__ = (Index(None, "dataset_id"),)

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    fingerprint: Mapped[str]
    shard_id: Mapped[UUID | None]
    shard_size_bytes: Mapped[int]
    outcome: Mapped[bytes]


LIVING, ENDED = "until IS NULL", "until IS NOT NULL"


def _orders(name: str, *of: str, only: str, then: tuple[str, ...]) -> tuple[Index, ...]:
    """Lists in the orders of pages, one after the other for each value of the columns `of`.

    What else is filtered by stands behind the order: a row that is not wanted is passed by in the index
    itself. Names are carried along for the search in them.
    """
    where = text(only)
    return (
        Index(f"{name}_by_name", *of, "name", "id", *then, postgresql_where=where),
        Index(f"{name}_by_size", *of, "size_bytes", "id", *then, postgresql_where=where, **NAMED),
        Index(f"{name}_by_id", *of, "id", *then, postgresql_where=where, **NAMED),
    )


class SampleRow(Model):
    """A sample as it is in every version from `since` on, up to but without `until`.

    An edit ends one row and begins another of the same id. `labels` is what is filtered by, `hash` the
    perceptual hash of an image, signed as PostgreSQL counts.
    """

    __tablename__ = "samples"
    __table_args__ = (
        *_orders("ix_samples", "dataset_id", only=LIVING, then=("since",)),
        *_orders("ix_samples_ended", "dataset_id", only=ENDED, then=("since", "until", "subset")),
        *_orders(
            "ix_samples_subset",
            "dataset_id",
            "subset",
            only=f"{LIVING} AND subset IS NOT NULL",
            then=("since",),
        ),
        Index(None, "dataset_id", "since"),
        Index(None, "dataset_id", "until", postgresql_where=text(ENDED)),
        Index(None, "dataset_id", "sha256"),
        Index(None, "shard_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until: Mapped[int | None]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(NAME)
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    media_type: Mapped[str]
    shard_id: Mapped[UUID] = mapped_column(ForeignKey(ShardRow.id))
    offset: Mapped[int]
    thumbnail_offset: Mapped[int]
    thumbnail_size_bytes: Mapped[int]
    hash: Mapped[int | None]
    language: Mapped[str | None]
    excerpt: Mapped[str | None]
    subset: Mapped[str | None]
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    fields: Mapped[dict[str, Any]]
    annotations: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self, subset: str | None = None) -> Sample:
        """With the subset of a split; without one, that which the import named."""
        return Sample.model_validate(
            {
                "id": self.id,
                "dataset_id": self.dataset_id,
                "name": self.name,
                "media_type": self.media_type,
                "size_bytes": self.size_bytes,
                "width": self.width,
                "height": self.height,
                "sha256": self.sha256,
                "version": self.since,
                "removed_in": self.until,
                "subset": subset or self.subset,
                "excerpt": self.excerpt,
                "labels": self.labels,
                "fields": self.fields,
                "annotations": self.annotations,
                "created_at": self.created_at,
            }
        )


class SampleLabelRow(Model):
    """One label of a sample, with what pages are sorted and filtered by: written from `samples` (lists.py).

    `label` is the MD5 of its words: with a long name beside it, they would be too much for an index.
    """

    __tablename__ = "sample_labels"
    __table_args__ = (
        *_orders("ix_sample_labels", "dataset_id", "label", only=LIVING, then=("since", "subset")),
        *_orders(
            "ix_sample_labels_ended", "dataset_id", "label", only=ENDED, then=("since", "until", "subset")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[int | None]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    subset: Mapped[str | None]
    name: Mapped[str] = mapped_column(NAME)
    size_bytes: Mapped[int]


class NameBlockRow(Model):
    """Samples of one folder that came in one version, in the order of names: searched some sixty at a time.

    `names` are what follows the folder, in UTF-8 with NULs in between, which no name can hold; `ids` are 16
    bytes each. What was deleted stays in it.
    """

    __tablename__ = "name_blocks"

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"), primary_key=True)
    first_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_id: Mapped[UUID]
    low: Mapped[str] = mapped_column(NAME)
    high: Mapped[str] = mapped_column(NAME)
    folder: Mapped[bytes]
    names: Mapped[bytes]
    ids: Mapped[bytes]


class ReportRow(Model):
    """What an import, a detection or an export found, under the id of its job; the counts add up."""

    __tablename__ = "reports"
    __table_args__ = (Index(None, "dataset_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID | None] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    kind: Mapped[str]
    format: Mapped[str]
    modality: Mapped[str]
    samples: Mapped[dict[str, Any]]
    annotations: Mapped[dict[str, Any]]
    classes: Mapped[dict[str, Any]]
    subsets: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ProblemRow(Model):
    __tablename__ = "problems"

    report_id: Mapped[UUID] = mapped_column(ForeignKey(ReportRow.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str]
    row: Mapped[int | None]
    code: Mapped[str]
    message: Mapped[str]
    outcome: Mapped[str]
    level: Mapped[str]

    def view(self) -> ImportProblem:
        return ImportProblem.model_validate(
            {name: getattr(self, name) for name in ImportProblem.model_fields}
        )


class DetectionRow(Model):
    """A look at a source before anything is stored; its maker's alone, forgotten after its time."""

    __tablename__ = "detections"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default=DetectionState.RUNNING.value)
    source: Mapped[dict[str, Any]]
    format: Mapped[str | None]
    options: Mapped[dict[str, Any]]
    is_thorough: Mapped[bool]
    made_by: Mapped[UUID | None]
    task: Mapped[str | None]
    examples: Mapped[list[Any]] = mapped_column(default=list)
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class DatasetExportRow(Model):
    __tablename__ = "exports"
    __table_args__ = (Index(None, "dataset_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    version: Mapped[int]
    split_id: Mapped[UUID | None]
    format: Mapped[str]
    state: Mapped[str] = mapped_column(default=DatasetExportState.RUNNING.value)
    job_id: Mapped[UUID]
    filename: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None]
    num_samples: Mapped[int] = mapped_column(default=0)
    num_losses: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self) -> DatasetExport:
        fields = DatasetExport.model_fields.keys() - {"losses"}
        return DatasetExport.model_validate({name: getattr(self, name) for name in fields})


class SplitRow(Model):
    """Never changed after it was saved; `subsets` is its preview, `shards` all that its manifest names."""

    __tablename__ = "splits"
    __table_args__ = (UniqueConstraint("dataset_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    version: Mapped[int]
    name: Mapped[str]
    method: Mapped[dict[str, Any]]
    subsets: Mapped[list[Any]]
    shards: Mapped[list[Any]]
    classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    extends: Mapped[UUID | None]
    num_kept: Mapped[int] = mapped_column(default=0)
    num_left_out: Mapped[int] = mapped_column(default=0)
    num_groups: Mapped[int] = mapped_column(default=0)
    num_torn_groups: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)

    def previews(self) -> tuple[SubsetPreview, ...]:
        return tuple(SubsetPreview.model_validate(subset) for subset in self.subsets)

    def view(self) -> Split:
        fields = Split.model_fields.keys() - {"locked"}
        return Split.model_validate({name: getattr(self, name) for name in fields})


class CombinationRow(Model):
    """Splits of several datasets as one manifest, kept with the first; `digest` says which and how."""

    __tablename__ = "combinations"
    __table_args__ = (Index(None, "dataset_id"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    subset_counts: Mapped[dict[str, Any]]
    num_left_out: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class AssignmentRow(Model):
    """Which subset of a split a sample is in, with what pages of a subset are sorted by."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index("ix_assignments_by_name", "split_id", "subset", "name", "sample_id"),
        Index("ix_assignments_by_size", "split_id", "subset", "size_bytes", "sample_id"),
        Index("ix_assignments_by_id", "split_id", "subset", "sample_id"),
    )

    split_id: Mapped[UUID] = mapped_column(ForeignKey(SplitRow.id, ondelete="CASCADE"), primary_key=True)
    sample_id: Mapped[UUID] = mapped_column(primary_key=True)
    subset: Mapped[str]
    name: Mapped[str] = mapped_column(NAME)
    size_bytes: Mapped[int]


class TrashRow(TrashTable, Model):
    __tablename__ = "trash"
