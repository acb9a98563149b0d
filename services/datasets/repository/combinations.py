"""Combinations of splits that were made before."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import CombinationRow


class CombinationRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, digest: str) -> CombinationRow | None:
        return await self._session.get(CombinationRow, digest)

    async def add(self, row: CombinationRow) -> None:
        """Who makes the same at the same time makes it the same."""
        names = [column.name for column in CombinationRow.__table__.columns]
        values = {name: getattr(row, name) for name in names if getattr(row, name) is not None}
        await self._session.execute(insert(CombinationRow).values(values).on_conflict_do_nothing())
