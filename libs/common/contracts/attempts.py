"""Attempts at a run: what its worker is given, may reach and hands in; all of it fenced by a lease."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from libs.common.contracts.base import JobSpec, Request, View
from libs.common.contracts.checkpoints import Checkpoint, CheckpointName
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.experiments import TaskConfig
from libs.common.contracts.runs import Run, RunEnvironment


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
