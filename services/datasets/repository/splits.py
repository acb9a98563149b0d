"""SQL of splits."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import SplitRow
from services.datasets.repository.lists import WITHOUT_HURRY

# With what pages of a subset are sorted by.
ASSIGN = text("""
    INSERT INTO datasets.assignments (split_id, sample_id, subset, name, size_bytes)
    SELECT :split_id, s.id, assigned.subset, s.name, s.size_bytes
    FROM unnest(CAST(:ids AS uuid[]), CAST(:subsets AS text[])) AS assigned (id, subset)
    JOIN datasets.samples s ON s.id = assigned.id
    WHERE s.since <= :version AND (s.until IS NULL OR s.until > :version)
""")


class SplitRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: SplitRow, subsets: Mapping[UUID, str]) -> None:
        self._session.add(row)
        await self._session.flush()
        # A million of them take longer than a request may.
        await self._session.execute(WITHOUT_HURRY)
        values = {"split_id": row.id, "version": row.version}
        assigned = {"ids": list(subsets), "subsets": list(subsets.values())}
        await self._session.execute(ASSIGN, values | assigned)

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
