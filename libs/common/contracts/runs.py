"""Runs: one execution of an experiment, from the queue to its checkpoints."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from libs.common.contracts.base import Chain, Fact, JobSpec, Page, PageQuery, Request, Slug, View
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.experiments import TaskConfig
from libs.common.contracts.telemetry import Level, LogLine, MetricPoint, Progress

DeviceWish = Annotated[str, StringConstraints(pattern=r"^(auto|cpu|gpu|cuda(:\d{1,3})?)$")]
Priority = Annotated[int, Field(ge=-100, le=100)]
CheckpointName = Annotated[str, StringConstraints(pattern=r"^(best|last|epoch-\d{1,9})$")]
MetricKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]


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


class MetricSummary(View):
    # Of a diverged run the last value may be no number; like a point's it is kept.
    model_config = ConfigDict(ser_json_inf_nan="strings")

    key: str
    last: float
    best: float
    best_step: int
    last_step: int


class RunEnvironment(View):
    """What an attempt was carried out with, as its worker tells; `packages` are task packages of others."""

    code_version: str
    python: str
    torch: str
    platform: str
    device_name: str
    packages: dict[str, str] = {}


class StartPoint(View):
    """A checkpoint of another run whose weights a run begins with."""

    run_id: UUID
    checkpoint: CheckpointName = "best"


class StartedFrom(StartPoint):
    """`package` is where the weights lie."""

    package: str


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


class MetricSeries(View):
    key: str
    points: tuple[MetricPoint, ...]


class Checkpoint(View):
    """`name` is `best`, `last` or `epoch-N`; `package` is the model package's prefix in the object store.

    `resume` is the key of the state that training goes on from; None where only the model is kept.
    """

    run_id: UUID
    name: str
    epoch: int
    step: int
    size_bytes: int
    package: str
    resume: str | None = None
    metrics: dict[str, float]
    created_at: AwareDatetime


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
    project_id: UUID | None = None
    experiment_id: UUID | None = None
    state: RunState | None = None
    query: PageQuery = PageQuery()


class StopRun(Request[Run], subject="svc.trainer.run.stop"):
    """Gracefully: the epoch's checkpoint is kept and the run completes with what it has."""

    run_id: UUID


class CancelRun(Request[Run], subject="svc.trainer.run.cancel"):
    run_id: UUID


class ResumeRun(Request[Run], subject="svc.trainer.run.resume"):
    """A failed, cancelled or stopped run goes on from its last checkpoint."""

    run_id: UUID


class GetRunSummary(Request[RunSummary], subject="svc.trainer.run.summary"):
    run_id: UUID


class ReadMetrics(Request[tuple[MetricSeries, ...]], subject="svc.trainer.metric.read"):
    run_id: UUID
    keys: tuple[MetricKey, ...] = ()
    since_step: int | None = None
    max_points: Annotated[int, Field(ge=10, le=10_000)] = 1000


class LogPage(Page[LogLine]):
    """`seen` is the cursor for lines that are said later; None before the first line."""

    seen: str | None = None


class ReadLogs(Request[LogPage], subject="svc.trainer.log.read"):
    """Oldest first; with `tail` the last lines only. `level` leaves out what is less serious."""

    run_id: UUID
    level: Level = "debug"
    tail: Annotated[int, Field(ge=1, le=200)] | None = None
    query: PageQuery = PageQuery(limit=200)


class ListCheckpoints(Request[tuple[Checkpoint, ...]], subject="svc.trainer.checkpoint.list"):
    run_id: UUID


class DeleteCheckpoint(Request[tuple[Checkpoint, ...]], subject="svc.trainer.checkpoint.delete"):
    run_id: UUID
    name: str


class TrainRun(JobSpec, kind="run.train", needs_device=True):
    """All a worker needs: it holds no database credentials and asks nothing more."""

    run_id: UUID
    experiment_id: UUID
    experiment_name: str
    project_id: UUID
    task: str
    config: TaskConfig
    data: DataReference
    device: str = "auto"
    start_from: str | None = None


class TrainingOutcome(View):
    """What a worker hands in with the end of a run."""

    num_epochs: int
    num_steps: int
    metrics: dict[str, float]
    stopped_early: bool = False


class SignedUrl(View):
    key: str
    url: str


class SignAccess(Request[tuple[SignedUrl, ...]], subject="svc.trainer.lease.sign"):
    """Presigned URLs for a lease holder: reads of its data and checkpoints, writes below its attempt."""

    job_id: UUID
    token: UUID
    access: Literal["read", "write"]
    keys: Annotated[tuple[str, ...], Field(min_length=1, max_length=1000)]


class AttemptStart(View):
    """Where an attempt goes on: None means from the beginning. It writes below `prefix` and nowhere else."""

    run: Run
    prefix: str
    resume: str | None = None
    resume_epoch: int = 0
    resume_step: int = 0


class StartAttempt(Request[AttemptStart], subject="svc.trainer.attempt.start"):
    job_id: UUID
    token: UUID
    environment: RunEnvironment | None = None


class RecordCheckpoint(Request[Checkpoint], subject="svc.trainer.checkpoint.record"):
    """Written after the bytes are in the store; fenced by the lease token."""

    job_id: UUID
    token: UUID
    name: CheckpointName
    epoch: Annotated[int, Field(ge=0)]
    step: Annotated[int, Field(ge=0)]
    size_bytes: Annotated[int, Field(ge=0)]
    package: str
    resume: str | None = None
    metrics: dict[str, float] = {}


class RunQueued(Fact, noun="run", past="queued"):
    """It waits for a worker: for the first time, or once more; `reason` says why."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    reason: str


class RunStarted(Fact, noun="run", past="started"):
    """A worker has begun an attempt at it."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    attempt: int


class RunResumed(Fact, noun="run", past="resumed"):
    """An attempt goes on after so many epochs; with 0, its worker was only cut off and never stopped."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    attempt: int
    epoch: int


class RunProgressed(Fact, noun="run", past="progressed"):
    """The present attempt trains: its first step or its first checkpoint has arrived."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    attempt: int


class RunStopping(Fact, noun="run", past="stopping"):
    """It was asked to end: with `stop` what it has learned is kept, with `cancel` nobody waits for it."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    desired: Literal["stop", "cancel"]


class RunCompleted(Fact, noun="run", past="completed"):
    """Carries all that evaluation, export and serving need."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    data: DataReference
    package: str
    metrics: dict[str, float]
    duration_seconds: float
    then: Chain = ()
    deployment: str


class RunFailed(Fact, noun="run", past="failed"):
    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    code: str
    detail: str
    last_log_lines: tuple[str, ...] = ()


class RunCancelled(Fact, noun="run", past="cancelled"):
    run_id: UUID
    experiment_id: UUID
    name: str
    task: str


class RunLost(Fact, noun="run", past="lost"):
    """Its worker vanished; the run waits for another one and goes on from its last checkpoint."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    attempt: int
