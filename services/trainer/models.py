"""Tables of the trainer: experiments, runs and what they leave, workers seen, the place in the telemetry."""

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Identity, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import Step, now
from libs.common.contracts.checkpoints import Checkpoint, StartedFrom
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.jobs import Pool
from libs.common.contracts.measurements import MetricSummary
from libs.common.contracts.runs import Run, RunEnvironment, RunState, RunTransition
from libs.common.contracts.telemetry import LogLine, MetricPoint, Progress
from libs.common.db import COLUMN_TYPES, room_metadata


class Model(DeclarativeBase):
    metadata = room_metadata("trainer")
    type_annotation_map = {**COLUMN_TYPES, float: Double()}


class ExperimentRow(Model):
    """`config` is whole and resolved; `num_runs` also numbers the runs, and each counts as a change."""

    __tablename__ = "experiments"
    __table_args__ = (
        Index(None, "project_id", "id"),
        Index(None, "project_id", "name", "id"),
        Index(None, "project_id", "updated_at", "id"),
        Index(None, "name", "id"),
        Index(None, "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID]
    name: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    task: Mapped[str]
    config: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    dataset_names: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    num_runs: Mapped[int] = mapped_column(default=0)
    last_run_id: Mapped[UUID | None]
    created_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class StandingRow(Model):
    """The best that the runs of an experiment have reached, so that a list sorts by it and reads no series.

    A row of its own, and the last one to be locked: who stores what runs measure holds their rows already.
    `best_rank` is the value, turned so that more is better; what has measured nothing comes last.
    """

    __tablename__ = "standings"
    __table_args__ = (
        Index(None, "project_id", "best_rank", "experiment_id"),
        Index(None, "best_rank", "experiment_id"),
    )

    experiment_id: Mapped[UUID] = mapped_column(
        ForeignKey(ExperimentRow.id, ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[UUID]
    best_rank: Mapped[float] = mapped_column(default=-math.inf)
    best_key: Mapped[str | None]
    best_value: Mapped[float | None]
    best_run_id: Mapped[UUID | None]


class RunRow(Model):
    """`wanted_device` is what was asked for, `device` what it runs on. `package` is what was announced."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "experiment_id", "id"),
        Index(None, "project_id", "id"),
        Index(None, "state", "id"),
        Index(None, "job_id"),
        Index(None, "finished_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    experiment_id: Mapped[UUID] = mapped_column(ForeignKey(ExperimentRow.id, ondelete="CASCADE"))
    project_id: Mapped[UUID]
    name: Mapped[str]
    task: Mapped[str]
    state: Mapped[str] = mapped_column(default=RunState.QUEUED.value)
    reason: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=0)
    then: Mapped[list[str]] = mapped_column(ARRAY(Text))
    config: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    deployment: Mapped[str]
    priority: Mapped[int]
    wanted_device: Mapped[str]
    device: Mapped[str | None]
    job_id: Mapped[UUID]
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    is_stopped: Mapped[bool] = mapped_column(default=False)
    num_epochs: Mapped[int] = mapped_column(default=0)
    num_steps: Mapped[int] = mapped_column(default=0)
    package: Mapped[str | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    reproduces: Mapped[UUID | None]
    starts_from: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    environment: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    warnings: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def is_final(self) -> bool:
        return RunState(self.state).is_final

    @property
    def num_devices(self) -> int:
        """A knob that every task has."""
        return self.config.get("num_devices", 1)

    @property
    def reference(self) -> DataReference:
        return DataReference.model_validate(self.data)

    @property
    def carried_out_with(self) -> RunEnvironment | None:
        return RunEnvironment.model_validate(self.environment) if self.environment else None

    @property
    def started_from(self) -> StartedFrom | None:
        return StartedFrom.model_validate(self.starts_from) if self.starts_from else None

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(map(Step, self.then))

    @property
    def duration_seconds(self) -> float | None:
        return ((self.finished_at or now()) - self.started_at).total_seconds() if self.started_at else None

    def view(self, summary: tuple[MetricSummary, ...] = ()) -> Run:
        return Run(
            id=self.id,
            experiment_id=self.experiment_id,
            project_id=self.project_id,
            name=self.name,
            task=self.task,
            state=RunState(self.state),
            reason=self.reason,
            attempt=self.attempt,
            then=self.steps,
            config=self.config,
            data=self.reference,
            device=self.device,
            job_id=self.job_id,
            progress=Progress.model_validate(self.progress) if self.progress else None,
            summary=summary,
            error_code=self.error_code,
            error_detail=self.error_detail,
            package=self.package,
            reproduces=self.reproduces,
            starts_from=self.started_from,
            environment=self.carried_out_with,
            warnings=tuple(self.warnings),
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
        )


class TransitionRow(Model):
    """The life of a run; only grows."""

    __tablename__ = "transitions"
    __table_args__ = (Index(None, "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"))
    state: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)

    def view(self) -> RunTransition:
        return RunTransition(state=RunState(self.state), reason=self.reason, at=self.at)


class AttemptRow(Model):
    """One lease's worth of a run: it measures from `resume_step` on, -1 being before the first step."""

    __tablename__ = "attempts"
    __table_args__ = (Index("uq_attempts_token", "token", unique=True),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[UUID]
    token: Mapped[UUID]
    resume: Mapped[str | None]
    resume_epoch: Mapped[int]
    resume_step: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(default=now)


class CheckpointRow(Model):
    """`resume` is the key of the state that only the trainer reads; None for those kept for their model."""

    __tablename__ = "checkpoints"

    run_id: Mapped[UUID] = mapped_column(ForeignKey(RunRow.id, ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    epoch: Mapped[int]
    step: Mapped[int]
    size_bytes: Mapped[int]
    package: Mapped[str]
    resume: Mapped[str | None]
    metrics: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def view(self) -> Checkpoint:
        return Checkpoint(**{name: getattr(self, name) for name in Checkpoint.model_fields})


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


class SettingsRow(Model):
    """What people have changed of a section; of the rest the defaults hold."""

    __tablename__ = "settings"

    section: Mapped[str] = mapped_column(primary_key=True)
    changed: Mapped[dict[str, Any]]


class WorkerRow(Model):
    """A worker of any room that asked for work."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str]
    device: Mapped[str | None]
    capabilities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    last_seen_at: Mapped[datetime]

    @property
    def pool(self) -> str:
        """`cpu` or `gpu`; `any` for who has no device to itself."""
        if self.device is None:
            return "any"
        return (Pool.GPU if self.device.startswith("gpu") else Pool.CPU).value


class SweepRow(Model):
    """A run below whose prefix bytes may lie that no checkpoint names any more; outlives the run."""

    __tablename__ = "sweeps"
    __table_args__ = (Index(None, "due_at"),)

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
