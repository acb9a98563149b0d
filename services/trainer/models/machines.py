"""Tables about the machines: nodes, how they are and were, alerts, the energy of runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.system import Alert
from services.trainer.models.model import Model
from services.trainer.models.runs import RunRow


class NodeRow(Model):
    """A machine that tells how it is; `teller` is the process that speaks for it."""

    __tablename__ = "nodes"

    name: Mapped[str] = mapped_column(primary_key=True)
    teller: Mapped[str]
    told_at: Mapped[datetime]
    reading: Mapped[dict[str, Any]]


class ReadingRow(Model):
    """How one part of a node was; `seconds` is what the row stands for, `at` where its time begins."""

    __tablename__ = "readings"
    __table_args__ = (Index(None, "seconds", "at"),)

    node: Mapped[str] = mapped_column(primary_key=True)
    seconds: Mapped[int] = mapped_column(Integer, primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    use: Mapped[float | None]
    memory: Mapped[float | None]
    temperature_celsius: Mapped[float | None]
    power_watts: Mapped[float | None]


class AlertRow(Model):
    """At most one of a kind is open for each part of a node."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open", "node", "part", "kind", unique=True, postgresql_where=text("cleared_at IS NULL")
        ),
        Index(None, "node", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    node: Mapped[str]
    part: Mapped[str]
    kind: Mapped[str]
    severity: Mapped[str]
    message: Mapped[str]
    raised_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]

    def view(self) -> Alert:
        return Alert.model_validate({name: getattr(self, name) for name in Alert.model_fields})


class RunEnergyRow(Model):
    """What the devices of a run have used while it had them, as far as they tell."""

    __tablename__ = "run_energy"

    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"), primary_key=True)
    joules: Mapped[float]
