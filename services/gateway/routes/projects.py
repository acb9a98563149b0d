"""Projects over HTTP."""

from uuid import UUID

from fastapi import APIRouter, Request

from libs.common.contracts.access import Role
from libs.common.contracts.base import Name, Page, View
from libs.common.contracts.projects import (
    CreateProject,
    DeleteProject,
    Description,
    GetProject,
    ListProjects,
    Project,
    UpdateProject,
)
from libs.tasks import registry
from services.gateway.access import EDIT, MANAGE, READ, Signed
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1/projects", tags=["projects"], route_class=IdempotentRoute)


class ProjectChanges(View):
    name: Name | None = None
    description: Description | None = None


@router.get("", dependencies=[READ])
async def list_projects(house: House, paging: Paging) -> Page[Project]:
    return await house.ask(ListProjects(query=paging))


@router.post("", status_code=201, dependencies=[EDIT])
async def create_project(project: CreateProject, request: Request, house: House, caller: Signed) -> Project:
    """Whoever creates it is its admin."""
    registry.task(project.task)
    created = await house.ask(project)
    request.state.project_id = created.id
    assert caller.user_id is not None
    async with house.changing_people() as people:
        await people.members.put(created.id, caller.user_id, Role.ADMIN)
    return created


@router.get("/{project_id}", dependencies=[READ])
async def get_project(project_id: UUID, house: House) -> Project:
    return await house.ask(GetProject(project_id=project_id))


@router.patch("/{project_id}", dependencies=[EDIT])
async def update_project(project_id: UUID, changes: ProjectChanges, house: House) -> Project:
    return await house.ask(
        UpdateProject(project_id=project_id, name=changes.name, description=changes.description)
    )


@router.delete("/{project_id}", status_code=204, dependencies=[MANAGE])
async def delete_project(project_id: UUID, house: House) -> None:
    await house.ask(DeleteProject(project_id=project_id))
