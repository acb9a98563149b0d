"""Whose a thing is: asked by the gateway before it lets anyone near the thing.

A thing never changes its project, so that an answer may be remembered for as long as anyone likes; only the
names of models and deployments are given anew once what bore them is gone.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.common.contracts.base import Request, Within

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Keys = Annotated[tuple[Key, ...], Field(min_length=1, max_length=200)]
# One for each key, in their order; 404 names the first that is not there. None: of no project.
Projects = tuple[UUID | None, ...]


class OwnersQuestion(Request[Projects]):
    """`within`: what is of other projects, or of none, is not there; None: all is."""

    keys: Keys
    within: Within = None


class OwnersInDatasets(OwnersQuestion, subject="svc.datasets.owner.list"):
    kind: Literal["project", "dataset", "sample", "split", "dataset_export"]


class OwnersInTrainer(OwnersQuestion, subject="svc.trainer.owner.list"):
    """A job may also be named by the run that it trains."""

    kind: Literal["experiment", "run", "job"]


class OwnersInEvaluator(OwnersQuestion, subject="svc.evaluator.owner.list"):
    kind: Literal["evaluation"]


class OwnersInExporter(OwnersQuestion, subject="svc.exporter.owner.list"):
    """Models are known by their name."""

    kind: Literal["export", "model"]


class OwnersInInference(OwnersQuestion, subject="svc.inference.owner.list"):
    """Deployments are known by their name."""

    kind: Literal["deployment"]


class OwnersInNotifier(OwnersQuestion, subject="svc.notifier.owner.list"):
    """None for a channel of the house."""

    kind: Literal["channel"]


class MakersInDatasets(Request[tuple[UUID | None, ...]], subject="svc.datasets.maker.list"):
    """Accounts that uploads and looks at sources belong to, one for each key. `made_by`: what others made is
    not there; None: all is."""

    kind: Literal["upload", "detection"]
    keys: Keys
    made_by: UUID | None = None
