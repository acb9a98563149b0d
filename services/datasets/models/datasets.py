"""Tables of projects, their datasets, the versions of these, and what is left to throw away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.projects import Project
from libs.common.contracts.versions import DatasetVersion
from libs.common.trash import TrashTable
from services.datasets.models.model import Model


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


class TrashRow(TrashTable, Model):
    __tablename__ = "trash"
