"""What runs say: lines of every attempt, in the table until they are put away."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.trainer.models import LogRow


class Logs:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, rows: Sequence[LogRow]) -> None:
        """Lines known already stay as they are."""
        if not rows:
            return
        names = [column.name for column in LogRow.__table__.columns]
        values = [{name: getattr(row, name) for name in names} for row in rows]
        await self._session.execute(insert(LogRow).on_conflict_do_nothing(), values)

    async def page(self, run_id: UUID, after: tuple[int, int] | None, limit: int) -> Sequence[LogRow]:
        """Oldest first; `after` is the attempt and number of the last line seen."""
        statement = select(LogRow).where(LogRow.run_id == run_id).order_by(LogRow.attempt, LogRow.seq)
        if after is not None:
            statement = statement.where(tuple_(LogRow.attempt, LogRow.seq) > tuple_(*after))
        return (await self._session.scalars(statement.limit(limit))).all()

    async def tail(self, run_id: UUID, limit: int) -> Sequence[LogRow]:
        """The last lines, oldest first."""
        statement = select(LogRow).where(LogRow.run_id == run_id)
        newest = statement.order_by(LogRow.attempt.desc(), LogRow.seq.desc()).limit(limit)
        return (await self._session.scalars(newest)).all()[::-1]
