"""Tables of splits: which sample is in which subset, and several of them as one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.splits import Split, SubsetPreview
from services.datasets.models.datasets import DatasetRow
from services.datasets.models.model import NAME, Model


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


class CombinationRow(Model):
    """Splits of several datasets as one manifest, kept with the first; `digest` says which and how."""

    __tablename__ = "combinations"
    __table_args__ = (Index(None, "dataset_id"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    subset_counts: Mapped[dict[str, Any]]
    num_left_out: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
