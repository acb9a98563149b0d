"""Tables of the notifier: channels, and one delivery per channel and fact."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.channels import Channel, ChannelKind, Delivery, DeliveryState, Rule, Severity
from libs.common.db import COLUMN_TYPES, room_metadata
from libs.common.ids import new_id


class Model(DeclarativeBase):
    metadata = room_metadata("notifier")
    type_annotation_map = COLUMN_TYPES


class ChannelRow(Model):
    """`url` and `secret` are sealed, and leave the room only towards whom they belong to. `held_until`: a
    process sends something there, or the receiver wants a pause."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("project_id", "name", postgresql_nulls_not_distinct=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    name: Mapped[str]
    project_id: Mapped[UUID | None]
    recipients: Mapped[list[Any]] = mapped_column(default=list)
    url: Mapped[str | None]
    secret: Mapped[str | None]
    rules: Mapped[list[Any]]
    is_active: Mapped[bool] = mapped_column(default=True)
    held_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def ruled(self) -> tuple[Rule, ...]:
        return tuple(map(Rule.model_validate, self.rules))

    def view(self, target: str) -> Channel:
        return Channel(
            id=self.id,
            kind=ChannelKind(self.kind),
            name=self.name,
            project_id=self.project_id,
            target=target,
            rules=self.ruled,
            is_active=self.is_active,
            created_at=self.created_at,
        )


class DeliveryRow(Model):
    """`lines` is what was said last, `data` the fact itself."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("channel_id", "fact_id"),
        Index(None, "next_attempt_at", "id", postgresql_where=text("state = 'pending'")),
        Index(None, "channel_id", "id"),
        Index(None, "project_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey(ChannelRow.id, ondelete="CASCADE"))
    fact_id: Mapped[UUID]
    fact_type: Mapped[str]
    project_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime]
    severity: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    link: Mapped[str]
    lines: Mapped[list[Any]]
    data: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default=DeliveryState.PENDING.value)
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self) -> Delivery:
        return Delivery(
            id=self.id,
            channel_id=self.channel_id,
            fact_id=self.fact_id,
            fact_type=self.fact_type,
            project_id=self.project_id,
            occurred_at=self.occurred_at,
            severity=Severity(self.severity),
            title=self.title,
            text=self.text,
            state=DeliveryState(self.state),
            error=self.error,
            attempts=self.attempts,
            next_attempt_at=self.next_attempt_at,
            sent_at=self.sent_at,
            created_at=self.created_at,
        )
