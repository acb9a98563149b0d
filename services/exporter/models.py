"""Tables of the exporter: exports, and the registry of models, versions and aliases."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.exports import Export, ExportState, ModelFile, Precision
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.reports import ParityReport
from libs.common.db import COLUMN_TYPES, room_metadata
from libs.common.trash import TrashTable
from services.exporter.naming import filename


class Model(DeclarativeBase):
    metadata = room_metadata("exporter")
    type_annotation_map = COLUMN_TYPES


class ExportRow(Model):
    """`source` is the Evaluable it is made from; `card` is the package's, as it was exported."""

    __tablename__ = "exports"
    __table_args__ = (Index(None, "run_id", "id"), Index(None, "project_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    project_id: Mapped[UUID]
    job_id: Mapped[UUID]
    source: Mapped[dict[str, Any]]
    format: Mapped[str]
    precision: Mapped[str] = mapped_column(default=Precision.FP32.value)
    metric_tolerance: Mapped[float | None]
    state: Mapped[str] = mapped_column(default=ExportState.QUEUED.value)
    file: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    parity: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    card: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    model: Mapped[str | None]
    model_version: Mapped[int | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    def view(self) -> Export:
        source, precision = Evaluable.model_validate(self.source), Precision(self.precision)
        file = ModelFile.model_validate(self.file) if self.file else None
        return Export(
            id=self.id,
            run_id=self.run_id,
            run_name=source.run_name,
            project_id=self.project_id,
            task=source.task,
            checkpoint=source.checkpoint,
            format=self.format,
            precision=precision,
            metric_tolerance=self.metric_tolerance,
            state=ExportState(self.state),
            job_id=self.job_id,
            file=file,
            filename=filename(source.run_name, source.checkpoint, precision, file.key) if file else None,
            parity=ParityReport.model_validate(self.parity) if self.parity else None,
            model=self.model,
            model_version=self.model_version,
            error_code=self.error_code,
            error_detail=self.error_detail,
            created_at=self.created_at,
            finished_at=self.finished_at,
        )


class ModelRow(Model):
    """A name in the registry; its row lock gives out version numbers one by one.

    `latest_version` is the newest that there is, `last_number` the last that was given out.
    """

    __tablename__ = "models"
    __table_args__ = (Index(None, "project_id"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[UUID]
    task: Mapped[str]
    latest_version: Mapped[int] = mapped_column(default=0)
    last_number: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class VersionRow(Model):
    """`export_id` is None for a file from elsewhere, whose bytes are this version's own."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("model", "export_id"),)

    model: Mapped[str] = mapped_column(ForeignKey(ModelRow.name, ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(default="export")
    run_id: Mapped[UUID | None]
    export_id: Mapped[UUID | None]
    project_id: Mapped[UUID]
    task: Mapped[str]
    precision: Mapped[str] = mapped_column(default=Precision.FP32.value)
    file: Mapped[dict[str, Any]]
    card: Mapped[dict[str, Any]]
    parity: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self, aliases: tuple[str, ...]) -> ModelVersion:
        return ModelVersion(
            model=self.model,
            version=self.version,
            origin="upload" if self.origin == "upload" else "export",
            run_id=self.run_id,
            export_id=self.export_id,
            project_id=self.project_id,
            task=self.task,
            precision=Precision(self.precision),
            file=ModelFile.model_validate(self.file),
            card=ModelCard.model_validate(self.card),
            parity=ParityReport.model_validate(self.parity) if self.parity else None,
            aliases=aliases,
            note=self.note,
            created_at=self.created_at,
        )


class AliasRow(Model):
    """A name that users move from version to version (`champion`)."""

    __tablename__ = "aliases"
    __table_args__ = (
        ForeignKeyConstraint(
            ["model", "version"], ["exporter.versions.model", "exporter.versions.version"], ondelete="CASCADE"
        ),
    )

    model: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class TrashRow(TrashTable, Model):
    __tablename__ = "trash"


class ImportRow(Model):
    """An uploaded file that a job looks at; `key` holds its bytes until it is a version or refused."""

    __tablename__ = "imports"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID]
    job_id: Mapped[UUID]
    key: Mapped[str]
