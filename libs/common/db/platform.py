"""Tables of the platform schema that carry facts: outbox, aggregate counters, inbox, relay."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.db.schema import COLUMN_TYPES, PLATFORM


class PlatformTable(DeclarativeBase):
    metadata = PLATFORM.metadata
    type_annotation_map = COLUMN_TYPES


class OutboxRow(PlatformTable):
    """A fact on its way; `stream_sequence` is where JetStream put it, so that a loss is noticed."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
        Index("ix_outbox_occurred_at", "occurred_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    uuid: Mapped[UUID] = mapped_column(unique=True)
    type: Mapped[str]
    schema_version: Mapped[int]
    aggregate_id: Mapped[str]
    sequence: Mapped[int]
    project_id: Mapped[UUID | None]
    payload: Mapped[dict[str, Any]]
    headers: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    published_at: Mapped[datetime | None]
    stream_sequence: Mapped[int | None]


class AggregateRow(PlatformTable):
    """Counts the facts about one thing; its row lock makes the order of ids the order of commits."""

    __tablename__ = "aggregate"

    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class InboxRow(PlatformTable):
    """A message that one consumer has dealt with."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_received_at", "received_at"),)

    consumer: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class RelayRow(PlatformTable):
    """What the relay remembers of a stream: when it was made and the last sequence it acknowledged."""

    __tablename__ = "relay"

    stream: Mapped[str] = mapped_column(primary_key=True)
    created: Mapped[str]
    last_sequence: Mapped[int]
