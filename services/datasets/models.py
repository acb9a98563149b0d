"""Tables of the datasets room."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.datasets import (
    ClassCount,
    Dataset,
    DatasetStats,
    DatasetStatus,
    DatasetVersion,
    ImportProblem,
)
from libs.common.contracts.projects import Project
from libs.common.contracts.samples import Sample
from libs.common.contracts.splits import RatioSplit, Split, SubsetPreview
from libs.common.contracts.uploads import UploadState
from libs.common.db import COLUMN_TYPES, room_metadata


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
    """`multipart` is the store's own id while parts arrive."""

    __tablename__ = "uploads"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    filename: Mapped[str]
    size_bytes: Mapped[int]
    state: Mapped[str] = mapped_column(default=UploadState.OPEN.value)
    part_size_bytes: Mapped[int]
    multipart: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class DatasetRow(Model):
    """`source` says where it comes from; the numbers are those of the newest version."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey(ProjectRow.id, ondelete="CASCADE"))
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default=DatasetStatus.IMPORTING.value)
    source: Mapped[dict[str, Any]]
    format: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0)
    num_samples: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(default=0)
    classes: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    job_id: Mapped[UUID | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    def view(self) -> Dataset:
        return Dataset(
            id=self.id,
            project_id=self.project_id,
            name=self.name,
            status=DatasetStatus(self.status),
            format=self.format,
            version=self.version,
            num_samples=self.num_samples,
            size_bytes=self.size_bytes,
            classes=tuple(self.classes),
            job_id=self.job_id,
            error_code=self.error_code,
            error_detail=self.error_detail,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


class VersionRow(Model):
    """Immutable; what its samples are is told by their row intervals, its figures are counted once."""

    __tablename__ = "versions"

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message: Mapped[str]
    num_samples: Mapped[int]
    size_bytes: Mapped[int]
    class_counts: Mapped[dict[str, Any]]
    min_width: Mapped[int]
    max_width: Mapped[int]
    min_height: Mapped[int]
    max_height: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self) -> DatasetVersion:
        return DatasetVersion(
            dataset_id=self.dataset_id,
            version=self.version,
            num_samples=self.num_samples,
            message=self.message,
            created_at=self.created_at,
        )

    def stats(self) -> DatasetStats:
        counts = sorted(self.class_counts.items())
        return DatasetStats(
            dataset_id=self.dataset_id,
            version=self.version,
            num_samples=self.num_samples,
            size_bytes=self.size_bytes,
            classes=tuple(ClassCount(name=name, count=count) for name, count in counts),
            min_width=self.min_width,
            max_width=self.max_width,
            min_height=self.min_height,
            max_height=self.max_height,
        )


class ShardRow(Model):
    """A tar of samples and the tar of their thumbnails."""

    __tablename__ = "shards"
    __table_args__ = (Index(None, "dataset_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    size_bytes: Mapped[int]


class SampleRow(Model):
    """In every version from `since` on, up to but without `until`; `labels` is what is filtered by."""

    __tablename__ = "samples"
    __table_args__ = (
        Index(None, "dataset_id", "name", "id"),
        Index(None, "dataset_id", "size_bytes", "id"),
        Index(None, "dataset_id", "id"),
        Index(None, "dataset_id", "sha256"),
        Index(None, "labels", postgresql_using="gin"),
        Index(None, "shard_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    since: Mapped[int]
    until: Mapped[int | None]
    name: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    media_type: Mapped[str]
    shard_id: Mapped[UUID] = mapped_column(ForeignKey(ShardRow.id))
    offset: Mapped[int]
    thumbnail_offset: Mapped[int]
    thumbnail_size_bytes: Mapped[int]
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    annotations: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self, subset: str | None = None) -> Sample:
        return Sample.model_validate(
            {
                "id": self.id,
                "dataset_id": self.dataset_id,
                "name": self.name,
                "size_bytes": self.size_bytes,
                "width": self.width,
                "height": self.height,
                "sha256": self.sha256,
                "subset": subset,
                "annotations": self.annotations,
                "created_at": self.created_at,
            }
        )


class ReportRow(Model):
    """The counts of an import; they add up to `num_found`."""

    __tablename__ = "reports"

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"), primary_key=True)
    format: Mapped[str]
    num_found: Mapped[int]
    num_imported: Mapped[int]
    num_rejected: Mapped[int]
    num_repaired: Mapped[int]
    num_duplicates: Mapped[int]


class ProblemRow(Model):
    __tablename__ = "problems"

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str]
    row: Mapped[int | None]
    code: Mapped[str]
    message: Mapped[str]
    outcome: Mapped[str]

    def view(self) -> ImportProblem:
        return ImportProblem.model_validate(
            {name: getattr(self, name) for name in ("path", "row", "code", "message", "outcome")}
        )


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
    created_at: Mapped[datetime] = mapped_column(default=now)

    def previews(self) -> tuple[SubsetPreview, ...]:
        return tuple(SubsetPreview.model_validate(subset) for subset in self.subsets)

    def view(self) -> Split:
        return Split(
            id=self.id,
            dataset_id=self.dataset_id,
            version=self.version,
            name=self.name,
            method=RatioSplit.model_validate(self.method),
            subsets=self.previews(),
            created_at=self.created_at,
        )


class AssignmentRow(Model):
    """Which subset of a split a sample is in."""

    __tablename__ = "assignments"
    __table_args__ = (Index(None, "split_id", "subset", "sample_id"),)

    split_id: Mapped[UUID] = mapped_column(ForeignKey(SplitRow.id, ondelete="CASCADE"), primary_key=True)
    sample_id: Mapped[UUID] = mapped_column(primary_key=True)
    subset: Mapped[str]


class TrashRow(Model):
    """A prefix of the object store that nothing speaks of any more; kept while `job_id` may still write."""

    __tablename__ = "trash"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]
