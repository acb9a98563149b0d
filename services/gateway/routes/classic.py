"""The routes of the classic service by their old names, over the same deployments and runs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from libs.common.contracts.base import Slug
from libs.common.contracts.batches import BatchAnswer
from libs.common.contracts.deployments import (
    CreateDeployment,
    Deployment,
    DeploymentEvaluation,
    DeploymentMetadata,
    GetDeploymentMetadata,
    PredictionAnswer,
)
from libs.common.contracts.experiments import GetExperiment
from libs.common.contracts.runs import GetRunSummary, RunSummary
from services.gateway import predicting
from services.gateway.access import EDIT, READ
from services.gateway.choosing import ExperimentHasNoResult, best_model, deployment_meant
from services.gateway.doors import House
from services.gateway.sent.files import BATCH_BODY, LABELLED_BODY
from services.gateway.sent.images import BODY

router = APIRouter(tags=["classic names"])


async def _meant(
    house: House,
    deployment: Annotated[Slug | None, Query(description="May be left out where there is only one.")] = None,
) -> Slug:
    return await deployment_meant(house, deployment)


Meant = Annotated[Slug, Depends(_meant)]


@router.post("/forward", dependencies=[READ], openapi_extra=BODY)
async def forward(name: Meant, request: Request, house: House) -> PredictionAnswer:
    """As `POST /v1/deployments/{name}/predict`."""
    return await predicting.predict(name, request, house)


@router.post("/forward_batch", dependencies=[READ], openapi_extra=BATCH_BODY)
async def forward_batch(name: Meant, request: Request, house: House) -> BatchAnswer:
    """As `POST /v1/deployments/{name}/predict/batch`."""
    return await predicting.predict_batch(name, request, house)


@router.post("/evaluate", dependencies=[READ], openapi_extra=LABELLED_BODY)
async def evaluate_labelled(name: Meant, request: Request, house: House) -> DeploymentEvaluation:
    """As `POST /v1/deployments/{name}/evaluate`."""
    return await predicting.evaluate(name, request, house)


@router.get("/metadata", dependencies=[READ])
async def metadata(name: Meant, house: House) -> DeploymentMetadata:
    return await house.ask(GetDeploymentMetadata(name=name))


@router.get("/metrics/{experiment_id}", dependencies=[READ])
async def best_metrics(experiment_id: UUID, house: House) -> RunSummary:
    """Of the run that reached most of the task's primary metric."""
    experiment = await house.ask(GetExperiment(experiment_id=experiment_id))
    if experiment.best is None:
        raise ExperimentHasNoResult(f"no run of {experiment.name} has measured anything yet")
    return await house.ask(GetRunSummary(run_id=experiment.best.run_id))


@router.post("/deploy/{experiment_id}", status_code=202, dependencies=[EDIT])
async def deploy_best(
    experiment_id: UUID,
    house: House,
    deployment: Annotated[Slug | None, Query(description="Default: the model's name.")] = None,
) -> Deployment:
    """The newest ONNX export of the experiment's best completed run; 409 says what is missing."""
    version = await best_model(house, experiment_id)
    return await house.ask(CreateDeployment(name=deployment or version.model, version=version))
