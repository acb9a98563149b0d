"""SQL of projects."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db.within import Within, is_within
from libs.common.errors import Problem
from services.datasets.errors import ProjectNameTaken
from services.datasets.models import DatasetRow, ProjectRow

NUM_DATASETS = (
    select(func.count()).where(DatasetRow.project_id == ProjectRow.id).correlate(ProjectRow).scalar_subquery()
)


class ProjectRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def store(self, row: ProjectRow) -> None:
        """A new row, or a changed one; raises ProjectNameTaken."""
        message = f"another project is named {row.name}"
        self._session.add(row)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise ProjectNameTaken(message, errors=[Problem(field="name", message=message)]) from error

    async def get(self, project_id: UUID, *, lock: bool = False) -> ProjectRow | None:
        return await self._session.get(ProjectRow, project_id, with_for_update=lock or None)

    async def num_datasets(self, project_id: UUID) -> int:
        statement = select(func.count()).where(DatasetRow.project_id == project_id)
        return (await self._session.scalars(statement)).one()

    async def page(self, within: Within, before: UUID | None, limit: int) -> Sequence[Row[ProjectRow, int]]:
        """Newest first: ids grow with time."""
        statement = select(ProjectRow, NUM_DATASETS).where(*is_within(ProjectRow.id, within))
        statement = statement.order_by(ProjectRow.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(ProjectRow.id < before)
        return (await self._session.execute(statement)).all()

    async def delete(self, row: ProjectRow) -> None:
        await self._session.delete(row)
        await self._session.flush()
