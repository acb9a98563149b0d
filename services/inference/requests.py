"""The request door of the inference room."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.deployments import (
    ChangeServing,
    CreateDeployment,
    DeleteDeployment,
    Deployment,
    DeploymentEvaluation,
    DeploymentMetadata,
    DeploymentTraffic,
    EvaluateDeployment,
    GetDeployment,
    GetDeploymentMetadata,
    GetTraffic,
    ListDeployments,
    ListRevisions,
    Predict,
    PredictionAnswer,
    Revision,
    RollBackDeployment,
    SetCanary,
)
from libs.common.contracts.owners import OwnersInInference, Projects
from services.inference.service import Service

door = RequestDoor()


@door.answers
async def list_owners(request: OwnersInInference, service: Service) -> Projects:
    return await service.deployments.owners(request)


@door.answers
async def create_deployment(request: CreateDeployment, service: Service) -> Deployment:
    return await service.deployments.deploy(request.name, request.version, request.settings)


@door.answers
async def get_deployment(request: GetDeployment, service: Service) -> Deployment:
    return await service.deployments.get(request.name)


@door.answers
async def list_deployments(request: ListDeployments, service: Service) -> Page[Deployment]:
    return await service.deployments.list_deployments(request)


@door.answers
async def delete_deployment(request: DeleteDeployment, service: Service) -> Gone:
    return await service.deployments.delete(request.name)


@door.answers
async def roll_back_deployment(request: RollBackDeployment, service: Service) -> Deployment:
    return await service.deployments.roll_back(request.name)


@door.answers
async def change_serving(request: ChangeServing, service: Service) -> Deployment:
    return await service.deployments.retune(request.name, request.settings)


@door.answers
async def set_canary(request: SetCanary, service: Service) -> Deployment:
    return await service.canaries.set(request.name, request.version, request.percent)


@door.answers
async def list_revisions(request: ListRevisions, service: Service) -> Page[Revision]:
    return await service.deployments.list_revisions(request.name, request.query)


@door.answers
async def get_traffic(request: GetTraffic, service: Service) -> DeploymentTraffic:
    return await service.traffic.of(request.name, request.minutes)


@door.answers
async def get_metadata(request: GetDeploymentMetadata, service: Service) -> DeploymentMetadata:
    return await service.predictions.metadata(request.name)


@door.answers
async def predict(request: Predict, service: Service) -> PredictionAnswer:
    return await service.predictions.predict(request.name, request.images, leaves_out=request.leaves_out)


@door.answers
async def evaluate(request: EvaluateDeployment, service: Service) -> DeploymentEvaluation:
    return await service.predictions.evaluate(request.name, request.key)
