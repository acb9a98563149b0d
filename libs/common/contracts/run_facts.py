"""The turns of a run's life as facts."""

from typing import Literal
from uuid import UUID

from libs.common.contracts.base import Chain, Fact
from libs.common.contracts.datasets import DataReference


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
    """It ended without a model, and is not tried again; with what it said last."""

    run_id: UUID
    experiment_id: UUID
    name: str
    task: str
    code: str
    detail: str
    last_log_lines: tuple[str, ...] = ()
    duration_seconds: float | None = None


class RunCancelled(Fact, noun="run", past="cancelled"):
    """It was ended on request."""

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
