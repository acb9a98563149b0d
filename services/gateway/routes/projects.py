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
    TaskId,
    UpdateProject,
)
from libs.common.errors import BadInput, Conflict
from libs.common.ids import new_id
from libs.tasks import registry
from services.gateway.access import EDIT, MANAGE, READ, Signed
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1/projects", tags=["projects"], route_class=IdempotentRoute)


class NewProject(View):
    name: Name
    task: TaskId
    description: Description = ""


class ProjectChanges(View):
    name: Name | None = None
    description: Description | None = None


@router.get("", dependencies=[READ])
async def list_projects(house: House, paging: Paging) -> Page[Project]:
    return await house.ask(ListProjects(query=paging))


@router.post("", status_code=201, dependencies=[EDIT])
async def create_project(wanted: NewProject, request: Request, house: House, caller: Signed) -> Project:
    """Whoever creates it is its admin."""
    registry.task(wanted.task)
    assert caller.user_id is not None
    request.state.project_id = project_id = new_id()
    # First: cut off in between, this leaves a member of nothing, and never a project that nobody sees.
    async with house.changing_people() as people:
        await people.members.put(project_id, caller.user_id, Role.ADMIN)
    try:
        return await house.ask(CreateProject(project_id=project_id, **dict(wanted)))
    except (BadInput, Conflict):
        async with house.changing_people() as people:
            await people.members.delete(project_id, caller.user_id)
        raise


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
