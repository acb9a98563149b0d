"""Projects: created, renamed, deleted with everything in them."""

from uuid import UUID

from libs.common.contracts.base import Page
from libs.common.contracts.projects import CreateProject, ListProjects, Project, ProjectDeleted, UpdateProject
from libs.common.db.outbox import Outbox
from libs.common.ids import new_id
from libs.common.paging import after, page_of
from services.datasets.errors import ProjectNotFound
from services.datasets.models import ProjectRow
from services.datasets.repository.projects import ProjectRepository
from services.datasets.service.datasets import Datasets


class Projects:
    def __init__(self, repository: ProjectRepository, datasets: Datasets, outbox: Outbox) -> None:
        self._repository = repository
        self._datasets = datasets
        self._outbox = outbox

    async def create(self, wanted: CreateProject) -> Project:
        project_id = wanted.project_id or new_id()
        row = ProjectRow(id=project_id, name=wanted.name, task=wanted.task, description=wanted.description)
        await self._repository.store(row)
        return row.view(0)

    async def get(self, project_id: UUID) -> Project:
        row = await self._existing(project_id)
        return row.view(await self._repository.num_datasets(project_id))

    async def list_projects(self, wanted: ListProjects) -> Page[Project]:
        query = wanted.query
        rows = await self._repository.page(wanted.within, after(query, UUID), query.limit + 1)
        return page_of(rows, query, lambda row: row[0].view(row[1]), lambda row: row[0].id)

    async def update(self, changes: UpdateProject) -> Project:
        row = await self._existing(changes.project_id, lock=True)
        for field, value in changes.model_dump(exclude={"project_id"}, exclude_none=True).items():
            setattr(row, field, value)
        await self._repository.store(row)
        return row.view(await self._repository.num_datasets(row.id))

    async def delete(self, project_id: UUID) -> None:
        """Every other room drops its part when it hears of it."""
        row = await self._existing(project_id, lock=True)
        await self._datasets.delete_all(project_id)
        await self._repository.delete(row)
        await self._outbox.add(ProjectDeleted(project_id=row.id, name=row.name))

    async def _existing(self, project_id: UUID, *, lock: bool = False) -> ProjectRow:
        row = await self._repository.get(project_id, lock=lock)
        if row is None:
            raise ProjectNotFound(f"project {project_id} does not exist")
        return row
