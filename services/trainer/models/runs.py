"""Tables of runs: their life, their attempts, and the checkpoints they leave."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.base import Step, now
from libs.common.contracts.checkpoints import Checkpoint, StartedFrom
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.measurements import MetricSummary
from libs.common.contracts.runs import Run, RunEnvironment, RunState, RunTransition
from libs.common.contracts.telemetry import Progress
from services.trainer.models.experiments import ExperimentRow
from services.trainer.models.model import Model


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


class SweepRow(Model):
    """A run below whose prefix bytes may lie that no checkpoint names any more; outlives the run."""

    __tablename__ = "sweeps"
    __table_args__ = (Index(None, "due_at"),)

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
