"""Statements about revisions."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.inference.models import RevisionRow


class Revisions:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: RevisionRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def of_main(self, name: str) -> Sequence[RevisionRow]:
        """Oldest first, without those that were only tried."""
        statement = select(RevisionRow).where(RevisionRow.deployment == name, ~RevisionRow.is_canary)
        return (await self._session.scalars(statement.order_by(RevisionRow.revision))).all()

    async def page(self, name: str, before: int | None, limit: int) -> Sequence[RevisionRow]:
        """Newest first."""
        statement = select(RevisionRow).where(RevisionRow.deployment == name)
        if before is not None:
            statement = statement.where(RevisionRow.revision < before)
        return (
            await self._session.scalars(statement.order_by(RevisionRow.revision.desc()).limit(limit))
        ).all()
