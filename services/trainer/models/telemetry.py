"""Tables of what runs tell while they work: points of metrics and lines of the log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Identity, Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.contracts.telemetry import LogLine, MetricPoint
from services.trainer.models.model import Model
from services.trainer.models.runs import RunRow


class SeriesRow(Model):
    """One metric of one run, with what a list of runs shows of it, so that no list reads points."""

    __tablename__ = "series"
    __table_args__ = (Index("uq_series_run_id_key", "run_id", "key", unique=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"))
    key: Mapped[str]
    last_step: Mapped[int | None]
    last_value: Mapped[float | None]
    min_step: Mapped[int | None]
    min_value: Mapped[float | None]
    max_step: Mapped[int | None]
    max_value: Mapped[float | None]


class PointRow(Model):
    """Narrow on purpose: this is the table of a million rows. A foreign key would be checked for each."""

    __tablename__ = "points"

    series_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int | None] = mapped_column(Integer)
    value: Mapped[float]
    at: Mapped[datetime]

    def view(self, key: str) -> MetricPoint:
        return MetricPoint(key=key, step=self.step, epoch=self.epoch, value=self.value, at=self.at)


class StretchRow(Model):
    """Extremes of so many steps of a series as [value, step]; see `repository/thinning.py`."""

    __tablename__ = "stretches"

    series_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    low: Mapped[list[float]] = mapped_column(ARRAY(Double))
    high: Mapped[list[float]] = mapped_column(ARRAY(Double))


class PointFileRow(Model):
    """Where the points of a run lie that has ended long ago; no key for one that has none.

    `is_behind`: something was told late, and lies in the table beside it.
    """

    __tablename__ = "point_files"

    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"), primary_key=True)
    key: Mapped[str | None]
    num_points: Mapped[int]
    is_behind: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime] = mapped_column(default=now)


class LogRow(Model):
    """Lines of every attempt; `seq` counts within one."""

    __tablename__ = "logs"

    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    level: Mapped[str]
    text: Mapped[str]

    def view(self) -> LogLine:
        return LogLine.model_validate(
            {"at": self.at, "level": self.level, "text": self.text, "seq": self.seq}
        )


class LogFileRow(Model):
    """Lines that have left the table; `blocks` says where in the file which of them lie."""

    __tablename__ = "log_files"

    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    first_seq: Mapped[int] = mapped_column(primary_key=True)
    last_seq: Mapped[int]
    key: Mapped[str]
    blocks: Mapped[list[Any]]


class PlaceRow(Model):
    """How far the telemetry is stored; one row, written with the data it speaks of."""

    __tablename__ = "place"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[str]
    sequence: Mapped[int]
