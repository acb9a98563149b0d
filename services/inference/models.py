"""Tables of the inference room: what should be served, and every version that ever was."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.db import COLUMN_TYPES, room_metadata


class Table(DeclarativeBase):
    metadata = room_metadata("inference")
    type_annotation_map = COLUMN_TYPES


class DeploymentRow(Table):
    """Desired state. A revision counts the changes of one deployment and is Triton's version number."""

    __tablename__ = "deployments"

    name: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(index=True)
    desired_revision: Mapped[int]
    serving_revision: Mapped[int | None]
    failed_revision: Mapped[int | None]
    failed_at: Mapped[datetime | None]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    is_deleted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class RevisionRow(Table):
    """`version` is the registry's whole ModelVersion: file, card, parity; nothing is asked for later.

    `served_at` is when it was first seen to answer.
    """

    __tablename__ = "revisions"

    deployment: Mapped[str] = mapped_column(
        ForeignKey("inference.deployments.name", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[dict[str, Any]]
    is_rollback: Mapped[bool] = mapped_column(default=False)
    served_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
