"""The fact door of the inference room."""

from libs.common.bus import EventDoor
from libs.common.contracts.base import Step
from libs.common.contracts.exports import ExportCompleted
from libs.common.contracts.projects import ProjectDeleted
from services.inference.service import Service

events = EventDoor()


@events.on
async def deploy_completed_export(fact: ExportCompleted, service: Service) -> None:
    if fact.then and fact.then[0] is Step.DEPLOY:
        await service.deployments.deploy_export(fact)


@events.on
async def delete_with_project(fact: ProjectDeleted, service: Service) -> None:
    assert fact.project_id is not None
    await service.deployments.delete_project(fact.project_id)
