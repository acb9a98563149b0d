"""Deployments: desired state of what Triton serves, and predictions through it."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from libs.common.contracts.base import Fact, Gone, Page, PageQuery, Request, Slug, View
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import Prediction


class DeploymentState(StrEnum):
    """What Triton was last seen to do; `desired` on the deployment says what it should."""

    PENDING = "pending"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class Deployment(View):
    name: str
    project_id: UUID
    task: str
    model: str
    desired_version: int
    serving_version: int | None
    state: DeploymentState
    reason: str = ""
    classes: tuple[str, ...]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class DeploymentMetadata(View):
    """Provenance of the answer: model card plus how to call Triton directly."""

    name: str
    version: int
    card: ModelCard
    triton_model: str
    triton_http: str
    triton_grpc: str


class PredictionAnswer(View):
    """One prediction per image sent, in order; latency in milliseconds inside the inference room."""

    deployment: str
    model: str
    version: int
    predictions: tuple[Prediction, ...]
    latency_ms: float


class CreateDeployment(Request[Deployment], subject="svc.inference.deployment.create"):
    """The same call for a first deployment and for the next version of it."""

    name: Slug
    version: ModelVersion


class GetDeployment(Request[Deployment], subject="svc.inference.deployment.get"):
    name: Slug


class ListDeployments(Request[Page[Deployment]], subject="svc.inference.deployment.list"):
    project_id: UUID | None = None
    query: PageQuery = PageQuery()


class DeleteDeployment(Request[Gone], subject="svc.inference.deployment.delete"):
    name: Slug


class RollBackDeployment(Request[Deployment], subject="svc.inference.deployment.rollback"):
    """Back to the version that served before the present one."""

    name: Slug


class GetDeploymentMetadata(Request[DeploymentMetadata], subject="svc.inference.deployment.metadata"):
    name: Slug


class Predict(Request[PredictionAnswer], subject="svc.inference.deployment.predict"):
    """Images as they were sent (files, base64 on the way); decoded and checked in the inference room."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    name: Slug
    images: Annotated[tuple[bytes, ...], Field(min_length=1, max_length=64)]


class ModelDeployed(Fact, noun="model", past="deployed", about="deployment"):
    deployment: str
    model: str
    version: int
    run_id: UUID | None = None


class DeploymentFailed(Fact, noun="deployment", past="failed", about="deployment"):
    deployment: str
    model: str
    version: int
    detail: str
    run_id: UUID | None = None
