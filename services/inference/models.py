"""Tables of the inference room: what should be served, every version that ever was, and what was asked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.db import COLUMN_TYPES, room_metadata


class Table(DeclarativeBase):
    metadata = room_metadata("inference")
    type_annotation_map = COLUMN_TYPES


def _deployment() -> Mapped[str]:
    return mapped_column(ForeignKey("inference.deployments.name", ondelete="CASCADE"), primary_key=True)


class DeploymentRow(Table):
    """A name. A revision counts its changes, on trial or not, and is Triton's version number; a deleted one
    stays, so that they go on counting."""

    __tablename__ = "deployments"

    name: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(index=True)
    last_revision: Mapped[int]
    is_deleted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SlotRow(Table):
    """What one model of Triton's should serve, and what it does: of each deployment the main one and, while
    a version is on trial, the canary with its share of the requests."""

    __tablename__ = "slots"

    deployment: Mapped[str] = _deployment()
    is_canary: Mapped[bool] = mapped_column(primary_key=True)
    percent: Mapped[int | None]
    desired_revision: Mapped[int]
    serving_revision: Mapped[int | None]
    failed_revision: Mapped[int | None]
    failed_at: Mapped[datetime | None]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime] = mapped_column(default=now)


class RevisionRow(Table):
    """`version` is the registry's whole ModelVersion: file, card, parity; nothing is asked for later.

    `served_at` is when it was first seen to answer.
    """

    __tablename__ = "revisions"

    deployment: Mapped[str] = _deployment()
    revision: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[dict[str, Any]]
    settings: Mapped[dict[str, Any]]
    is_rollback: Mapped[bool] = mapped_column(default=False)
    is_canary: Mapped[bool] = mapped_column(default=False)
    served_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class TrafficRow(Table):
    """A minute of one version, counted by one instance of the room, which replaces what it wrote before.

    `buckets` are the answers by latency (latencies.py). Errors of a deployment that had nothing loaded stand
    under version 0 of no model.
    """

    __tablename__ = "traffic"

    deployment: Mapped[str] = _deployment()
    at: Mapped[datetime] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    instance: Mapped[UUID] = mapped_column(primary_key=True)
    num_requests: Mapped[int]
    num_images: Mapped[int]
    errors: Mapped[dict[str, Any]]
    buckets: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
