"""The fact door of the trainer room."""

from libs.common.bus import EventDoor
from libs.common.contracts.projects import ProjectDeleted
from services.trainer.service import Service

events = EventDoor()


@events.on
async def forget_project(fact: ProjectDeleted, service: Service) -> None:
    if fact.project_id is not None:
        await service.experiments.forget_project(fact.project_id)
