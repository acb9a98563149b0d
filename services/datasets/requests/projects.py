"""Projects, and whose the things of the room are."""

from uuid import UUID

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.owners import MakersInDatasets, OwnersInDatasets, Projects
from libs.common.contracts.projects import (
    CreateProject,
    DeleteProject,
    GetProject,
    ListProjects,
    Project,
    UpdateProject,
)
from services.datasets.service import Service

door = RequestDoor()


@door.answers
async def list_owners(request: OwnersInDatasets, service: Service) -> Projects:
    return await service.owners.projects(request)


@door.answers
async def list_makers(request: MakersInDatasets, service: Service) -> tuple[UUID | None, ...]:
    return await service.owners.makers(request)


@door.answers
async def create_project(request: CreateProject, service: Service) -> Project:
    return await service.projects.create(request)


@door.answers
async def get_project(request: GetProject, service: Service) -> Project:
    return await service.projects.get(request.project_id)


@door.answers
async def list_projects(request: ListProjects, service: Service) -> Page[Project]:
    return await service.projects.list_projects(request)


@door.answers
async def update_project(request: UpdateProject, service: Service) -> Project:
    return await service.projects.update(request)


@door.answers
async def delete_project(request: DeleteProject, service: Service) -> Gone:
    await service.projects.delete(request.project_id)
    return Gone(id=str(request.project_id))
