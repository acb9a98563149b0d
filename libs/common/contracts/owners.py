"""Which project a thing belongs to: asked by the gateway before it lets anyone near the thing.

A thing never changes its project, so that an answer may be remembered for as long as anyone likes.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.common.contracts.base import Request

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Keys = Annotated[tuple[Key, ...], Field(min_length=1, max_length=200)]
# One for each key, in their order; 404 names the first that is not there. None: of no project.
Projects = tuple[UUID | None, ...]


class OwnersInDatasets(Request[Projects], subject="svc.datasets.owner.list"):
    kind: Literal["dataset", "sample", "split", "dataset_export"]
    keys: Keys


class OwnersInTrainer(Request[Projects], subject="svc.trainer.owner.list"):
    kind: Literal["experiment", "run", "job"]
    keys: Keys


class OwnersInEvaluator(Request[Projects], subject="svc.evaluator.owner.list"):
    kind: Literal["evaluation"]
    keys: Keys


class OwnersInExporter(Request[Projects], subject="svc.exporter.owner.list"):
    """Models are known by their name."""

    kind: Literal["export", "model"]
    keys: Keys


class OwnersInInference(Request[Projects], subject="svc.inference.owner.list"):
    """Deployments are known by their name."""

    kind: Literal["deployment"]
    keys: Keys


class OwnersInNotifier(Request[Projects], subject="svc.notifier.owner.list"):
    """None for a channel of the house."""

    kind: Literal["channel"]
    keys: Keys
