"""Deployments: desired state of what Triton serves, and predictions through it."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Fact, Gone, Page, PageQuery, Request, Slug, View, Within
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import Prediction
from libs.common.contracts.problems import Problem
from libs.common.contracts.reports import EvaluationReport


class DeploymentState(StrEnum):
    """What Triton was last seen to do; `desired` on the deployment says what it should."""

    PENDING = "pending"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class ServingSettings(View):
    """How a model is run; what is None is the installation's default.

    `threshold` takes the place of the model's own (`calibration.threshold` of its card).
    """

    num_instances: Annotated[int, Field(ge=1, le=8)] = 1
    max_batch_size: Annotated[int, Field(ge=1, le=1024)] | None = None
    queue_delay_microseconds: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class Canary(View):
    """A version on trial: of all requests to the deployment `percent` get their answers from it."""

    model: str
    version: int
    percent: int
    state: DeploymentState
    reason: str = ""


class Deployment(View):
    """`model` is that of the desired version; the one that serves may be of another until it is loaded."""

    name: str
    project_id: UUID
    task: str
    model: str
    desired_version: int
    serving_model: str | None = None
    serving_version: int | None
    state: DeploymentState
    reason: str = ""
    settings: ServingSettings = ServingSettings()
    canary: Canary | None = None
    classes: tuple[str, ...]
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def serving(self) -> tuple[str, int] | None:
        """What answers, by model and version."""
        if self.serving_version is None:
            return None
        return self.serving_model or self.model, self.serving_version

    @property
    def in_use(self) -> frozenset[tuple[str, int]]:
        """What answers, should answer, or is on trial, by model and version."""
        found = {(self.model, self.desired_version), self.serving}
        if self.canary:
            found.add((self.canary.model, self.canary.version))
        return frozenset(each for each in found if each is not None)


class Tensor(View):
    """An input or output of the served graph; `dims` without the batch, -1 where any size goes."""

    name: str
    dtype: str
    dims: tuple[int, ...]


class DeploymentMetadata(View):
    """Provenance of the answer: model card plus how to call Triton directly."""

    name: str
    version: int
    card: ModelCard
    triton_model: str
    triton_http: str
    triton_grpc: str
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()


class PredictionAnswer(View):
    """One prediction per image sent, in order; latency in milliseconds inside the inference room.

    `refused` are the rows about which the model is not sure enough to be believed. `left_out`, where that was
    asked for, are the rows sent that no prediction could be made of; the others keep their order.
    """

    deployment: str
    model: str
    version: int
    predictions: tuple[Prediction, ...]
    refused: tuple[int, ...] = ()
    left_out: tuple[Problem, ...] = ()
    latency_ms: float


class Revision(View):
    """One change of a deployment: what was to be served from then on; `served_at` is when it first was."""

    revision: int
    model: str
    version: int
    is_rollback: bool
    is_canary: bool = False
    settings: ServingSettings = ServingSettings()
    created_at: AwareDatetime
    served_at: AwareDatetime | None


class VersionTraffic(View):
    """Of one version over the whole time asked for; latencies in milliseconds inside the room, from a
    histogram, None without requests."""

    model: str
    version: int
    num_requests: int
    num_images: int
    num_errors: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class TrafficMinute(View):
    at: AwareDatetime
    model: str
    version: int
    num_requests: int
    num_errors: int
    p50_ms: float | None
    p95_ms: float | None


class DeploymentTraffic(View):
    """`errors` counts by code what was refused or failed."""

    name: str
    minutes: int
    versions: tuple[VersionTraffic, ...]
    series: tuple[TrafficMinute, ...]
    errors: dict[str, int] = {}


class LabelledAnswer(View):
    """A sample that was sent with its label, and the answer to it."""

    name: str
    truth: tuple[Annotation, ...]
    correct: bool | None
    score: float
    prediction: Prediction


class DeploymentEvaluation(View):
    """`worst` are the answers with the lowest score; `left_out` says by row what could not be used."""

    deployment: str
    model: str
    version: int
    report: EvaluationReport
    worst: tuple[LabelledAnswer, ...]
    left_out: tuple[Problem, ...] = ()


class CreateDeployment(Request[Deployment], subject="svc.inference.deployment.create"):
    """The same call for a first deployment and for the next version of it; what was a canary ends."""

    name: Slug
    version: ModelVersion
    settings: ServingSettings | None = Field(default=None, description="None keeps those it has.")


class SetCanary(Request[Deployment], subject="svc.inference.deployment.canary"):
    """A share of the requests for another version. 0 ends the trial, 100 makes it the deployment's version;
    without `version` the share of the one on trial changes."""

    name: Slug
    version: ModelVersion | None = None
    percent: Annotated[int, Field(ge=0, le=100)]


class ChangeServing(Request[Deployment], subject="svc.inference.deployment.tune"):
    name: Slug
    settings: ServingSettings


class ListRevisions(Request[Page[Revision]], subject="svc.inference.deployment.revisions"):
    """Newest first."""

    name: Slug
    query: PageQuery = PageQuery()


class GetTraffic(Request[DeploymentTraffic], subject="svc.inference.deployment.traffic"):
    name: Slug
    minutes: Annotated[int, Field(ge=1, le=1440)] = 60


class EvaluateDeployment(Request[DeploymentEvaluation], subject="svc.inference.deployment.evaluate"):
    """Labelled samples in an archive that the gateway has stored under `key`; the room removes it."""

    name: Slug
    key: str
    filename: str


class GetDeployment(Request[Deployment], subject="svc.inference.deployment.get"):
    name: Slug


class ListDeployments(Request[Page[Deployment]], subject="svc.inference.deployment.list"):
    """`model`: those that serve, try out or are to serve a version of it."""

    project_id: UUID | None = None
    model: Slug | None = None
    within: Within = None
    query: PageQuery = PageQuery()


class DeleteDeployment(Request[Gone], subject="svc.inference.deployment.delete"):
    name: Slug


class RollBackDeployment(Request[Deployment], subject="svc.inference.deployment.rollback"):
    """Back to the version that served before the present one."""

    name: Slug


class GetDeploymentMetadata(Request[DeploymentMetadata], subject="svc.inference.deployment.metadata"):
    name: Slug


class Predict(Request[PredictionAnswer], subject="svc.inference.deployment.predict", attached="images"):
    """Images as they were sent, decoded and checked in the inference room; with `leaves_out` one that cannot
    be used does not spoil the others."""

    name: Slug
    images: Annotated[tuple[bytes, ...], Field(min_length=1, max_length=64)]
    leaves_out: bool = False


class ModelDeployed(Fact, noun="model", past="deployed", about="deployment"):
    """A deployment answers with this version now."""

    deployment: str
    model: str
    version: int
    run_id: UUID | None = None


class DeploymentFailed(Fact, noun="deployment", past="failed", about="deployment"):
    """A version could not be loaded; what served before still does."""

    deployment: str
    model: str
    version: int
    detail: str
    run_id: UUID | None = None


class CanaryFailed(Fact, noun="canary", past="failed", about="deployment"):
    """A version on trial could not be loaded; the deployment's own version answers all requests."""

    deployment: str
    model: str
    version: int
    detail: str
    run_id: UUID | None = None
