"""Tables of samples: where they lie, what they are, and how lists of them find them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.samples import Sample
from services.datasets.models.datasets import DatasetRow
from services.datasets.models.model import NAME, Model


class ShardRow(Model):
    """A tar of samples and the tar of their thumbnails."""

    __tablename__ = "shards"
    __table_args__ = (Index(None, "dataset_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey(DatasetRow.id, ondelete="CASCADE"))
    size_bytes: Mapped[int]


LIVING, ENDED = "until IS NULL", "until IS NOT NULL"
NAMED: dict[str, Any] = {"postgresql_include": ["name"]}


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
