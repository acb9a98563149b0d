"""Tables of what comes in: uploads, looks at sources, imports at work, and what they found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.imports import DetectionState, ImportProblem
from libs.common.contracts.uploads import UploadState
from services.datasets.models.datasets import DatasetRow
from services.datasets.models.model import Model


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
