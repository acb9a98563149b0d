"""SQL of splits."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db.database import copy_records
from services.datasets.models import AssignmentRow, SplitRow


class SplitRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: SplitRow, subsets: Mapping[UUID, str]) -> None:
        self._session.add(row)
        await self._session.flush()
        records = ((row.id, sample_id, subset) for sample_id, subset in subsets.items())
        table = AssignmentRow.metadata.tables["datasets.assignments"]
        await copy_records(self._session, table, ("split_id", "sample_id", "subset"), records)

    async def get(self, split_id: UUID) -> SplitRow | None:
        return await self._session.get(SplitRow, split_id)

    async def has_name(self, dataset_id: UUID, name: str) -> bool:
        statement = select(SplitRow.id).where(SplitRow.dataset_id == dataset_id, SplitRow.name == name)
        return await self._session.scalar(statement) is not None

    async def page(self, dataset_id: UUID, before: UUID | None, limit: int) -> Sequence[SplitRow]:
        """Newest first: ids grow with time."""
        statement = select(SplitRow).where(SplitRow.dataset_id == dataset_id)
        if before is not None:
            statement = statement.where(SplitRow.id < before)
        return (await self._session.scalars(statement.order_by(SplitRow.id.desc()).limit(limit))).all()
