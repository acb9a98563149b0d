"""Runs: one execution of an experiment, from the queue to its end."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Chain, Gone, Page, PageQuery, Request, Slug, View, Within
from libs.common.contracts.checkpoints import StartedFrom, StartPoint
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.experiments import TaskConfig
from libs.common.contracts.measurements import MetricSummary
from libs.common.contracts.telemetry import Progress

DeviceWish = Annotated[str, StringConstraints(pattern=r"^(auto|cpu|gpu|cuda(:\d{1,3})?)$")]
Priority = Annotated[int, Field(ge=-100, le=100)]


class RunState(StrEnum):
    """queued → preparing → running → (stopping) → completed / failed / cancelled; lost → queued again."""

    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        return self in (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)


class RunEnvironment(View):
    """What an attempt was carried out with, as its worker tells; `packages` are task packages of others."""

    code_version: str
    python: str
    torch: str
    platform: str
    device_name: str
    packages: dict[str, str] = {}


class Run(View):
    """`reproduces` is the run that this one repeats; `warnings` say in what it could not be the same."""

    id: UUID
    experiment_id: UUID
    project_id: UUID
    name: str
    task: str
    state: RunState
    reason: str = ""
    attempt: int
    then: Chain
    config: TaskConfig
    data: DataReference
    device: str | None = None
    job_id: UUID
    progress: Progress | None = None
    summary: tuple[MetricSummary, ...] = ()
    error_code: str | None = None
    error_detail: str | None = None
    package: str | None = None
    reproduces: UUID | None = None
    starts_from: StartedFrom | None = None
    environment: RunEnvironment | None = None
    warnings: tuple[str, ...] = ()
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None


class RunTransition(View):
    state: RunState
    reason: str
    at: AwareDatetime


class RunSummary(View):
    """`energy_joules` is what its devices used, as far as they tell; None where none does."""

    run_id: UUID
    state: RunState
    duration_seconds: float | None
    num_epochs: int
    num_steps: int
    energy_joules: float | None = None
    metrics: tuple[MetricSummary, ...]
    transitions: tuple[RunTransition, ...]


class CreateRun(Request[Run], subject="svc.trainer.run.create"):
    """With `like`, a run of the experiment is repeated: its config, data and seed, whatever the experiment
    says now; its device and deployment too unless others are named."""

    experiment_id: UUID
    like: UUID | None = None
    from_checkpoint: StartPoint | None = Field(
        default=None, description="Weights to begin with, of the same network and classes."
    )
    then: Chain = ()
    device: DeviceWish | None = Field(default=None, description="Default: auto, whatever is free.")
    priority: Priority = 0
    deployment: Slug | None = Field(
        default=None,
        description="Name of the deployment when `then` ends in deploy; default: from the experiment.",
    )


class GetRun(Request[Run], subject="svc.trainer.run.get"):
    run_id: UUID


class ListRuns(Request[Page[Run]], subject="svc.trainer.run.list"):
    """`text` is a part of the name, in any case; `has_checkpoint` leaves out what there is no model of."""

    project_id: UUID | None = None
    experiment_id: UUID | None = None
    state: RunState | None = None
    text: Annotated[str, StringConstraints(max_length=200)] | None = None
    has_checkpoint: bool | None = None
    within: Within = None
    query: PageQuery = PageQuery()


class StopRun(Request[Run], subject="svc.trainer.run.stop"):
    """Gracefully: the epoch's checkpoint is kept and the run completes with what it has."""

    run_id: UUID


class CancelRun(Request[Run], subject="svc.trainer.run.cancel"):
    run_id: UUID


class ResumeRun(Request[Run], subject="svc.trainer.run.resume"):
    """A failed, cancelled or stopped run goes on from its last checkpoint."""

    run_id: UUID


class DeleteRun(Request[Gone], subject="svc.trainer.run.delete"):
    """With its points, log and checkpoints; evaluations, exports and models made of it stay.

    Refused before it has ended, and while something that goes on needs its model.
    """

    run_id: UUID


class GetRunSummary(Request[RunSummary], subject="svc.trainer.run.summary"):
    run_id: UUID
