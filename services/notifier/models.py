"""Tables of the notifier: channels, and one delivery per channel and fact."""

from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.channels import Channel, Delivery, DeliveryState, Severity
from libs.common.db import COLUMN_TYPES, room_metadata
from libs.common.ids import new_id


class Model(DeclarativeBase):
    metadata = room_metadata("notifier")
    type_annotation_map = COLUMN_TYPES


class ChannelRow(Model):
    """`facts` are types of facts; an empty list stands for all."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    facts: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self) -> Channel:
        return Channel(
            id=self.id,
            kind=cast(Literal["log"], self.kind),
            name=self.name,
            facts=tuple(self.facts),
            created_at=self.created_at,
        )


class DeliveryRow(Model):
    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("channel_id", "fact_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey(ChannelRow.id, ondelete="CASCADE"))
    fact_id: Mapped[UUID]
    fact_type: Mapped[str]
    project_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime]
    severity: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    state: Mapped[str] = mapped_column(default=DeliveryState.SENT.value)
    error: Mapped[str | None]
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
            created_at=self.created_at,
        )
