"""Tables of the gateway: API tokens and answers kept for Idempotency-Key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.db import COLUMN_TYPES, room_metadata
from libs.common.ids import new_id


class Model(DeclarativeBase):
    metadata = room_metadata("gateway")
    type_annotation_map = COLUMN_TYPES


class TokenRow(Model):
    __tablename__ = "tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    role: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AnswerRow(Model):
    """`status` stays empty while the first request is under way."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("token_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_id: Mapped[UUID]
    key: Mapped[str]
    digest: Mapped[bytes]
    status: Mapped[int | None]
    media_type: Mapped[str | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
