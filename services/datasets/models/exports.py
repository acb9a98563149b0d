"""The table of datasets that were written as files of a format."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.dataset_exports import DatasetExport, DatasetExportState
from services.datasets.models.datasets import DatasetRow
from services.datasets.models.model import Model


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
