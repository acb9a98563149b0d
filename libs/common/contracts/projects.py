"""Projects: the frame that datasets, experiments and members live in."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from libs.common.contracts.base import Fact, Gone, Name, Page, PageQuery, Request, View, Within

Description = Annotated[str, StringConstraints(max_length=2000)]
TaskId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Project(View):
    id: UUID
    name: str
    task: str
    description: str
    num_datasets: int
    created_at: AwareDatetime
    updated_at: AwareDatetime


class CreateProject(Request[Project], subject="svc.datasets.project.create"):
    """Under the id that is given, so that its first member may be there before it."""

    project_id: UUID | None = None
    name: Name
    task: TaskId
    description: Description = ""


class GetProject(Request[Project], subject="svc.datasets.project.get"):
    project_id: UUID


class ListProjects(Request[Page[Project]], subject="svc.datasets.project.list"):
    within: Within = None
    query: PageQuery = PageQuery()


class UpdateProject(Request[Project], subject="svc.datasets.project.update"):
    project_id: UUID
    name: Name | None = None
    description: Description | None = None


class DeleteProject(Request[Gone], subject="svc.datasets.project.delete"):
    """Deletes the project with everything in it; every room drops its part on the fact."""

    project_id: UUID


class ProjectDeleted(Fact, noun="project", past="deleted", about="project_id"):
    """With all that belongs to it."""

    name: str
