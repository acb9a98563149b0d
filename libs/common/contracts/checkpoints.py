"""Checkpoints: what a run keeps of its model while it trains, and what another run may begin with."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from libs.common.contracts.base import Request, View

CheckpointName = Annotated[str, StringConstraints(pattern=r"^(best|last|epoch-\d{1,9})$")]


class StartPoint(View):
    """A checkpoint of another run whose weights a run begins with."""

    run_id: UUID
    checkpoint: CheckpointName = "best"


class StartedFrom(StartPoint):
    """`package` is where the weights lie."""

    package: str


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


class ListCheckpoints(Request[tuple[Checkpoint, ...]], subject="svc.trainer.checkpoint.list"):
    run_id: UUID


class DeleteCheckpoint(Request[tuple[Checkpoint, ...]], subject="svc.trainer.checkpoint.delete"):
    run_id: UUID
    name: str
