"""SQL of datasets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import DatasetRow, ShardRow, VersionRow


class DatasetRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: DatasetRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def get(self, dataset_id: UUID, *, lock: bool = False) -> DatasetRow | None:
        return await self._session.get(DatasetRow, dataset_id, with_for_update=lock or None)

    async def has_name(self, project_id: UUID, name: str) -> bool:
        statement = select(DatasetRow.id).where(DatasetRow.project_id == project_id, DatasetRow.name == name)
        return await self._session.scalar(statement) is not None

    async def page(self, project_id: UUID, before: UUID | None, limit: int) -> Sequence[DatasetRow]:
        """Newest first: ids grow with time."""
        statement = select(DatasetRow).where(DatasetRow.project_id == project_id)
        if before is not None:
            statement = statement.where(DatasetRow.id < before)
        return (await self._session.scalars(statement.order_by(DatasetRow.id.desc()).limit(limit))).all()

    async def of_project(self, project_id: UUID) -> Sequence[DatasetRow]:
        """Locked: an import that ends meanwhile locks its dataset before its job, too."""
        statement = select(DatasetRow).where(DatasetRow.project_id == project_id)
        statement = statement.order_by(DatasetRow.id).with_for_update()
        return (await self._session.scalars(statement)).all()

    async def delete(self, row: DatasetRow) -> None:
        await self._session.execute(delete(DatasetRow).where(DatasetRow.id == row.id))

    async def version(self, dataset_id: UUID, version: int) -> VersionRow | None:
        return await self._session.get(VersionRow, (dataset_id, version))

    async def any_shard(self, dataset_id: UUID) -> UUID | None:
        return await self._session.scalar(
            select(ShardRow.id).where(ShardRow.dataset_id == dataset_id).order_by(ShardRow.id).limit(1)
        )
