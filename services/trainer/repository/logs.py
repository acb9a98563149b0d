"""What runs say: lines in the table until they are put away, and the files that then hold them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.trainer.models import LogFileRow, LogRow

# Attempt and number of a line within it.
LinePlace = tuple[int, int]
PLACE = tuple_(LogRow.attempt, LogRow.seq)


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

    async def after(
        self, run_id: UUID, place: LinePlace | None, levels: Sequence[str], limit: int
    ) -> Sequence[LogRow]:
        """Oldest first, of all attempts."""
        statement = _of_levels(run_id, levels)
        if place is not None:
            statement = statement.where(tuple_(*place) < PLACE)
        return await self._rows(statement.order_by(LogRow.attempt, LogRow.seq).limit(limit))

    async def last(self, run_id: UUID, levels: Sequence[str], limit: int) -> Sequence[LogRow]:
        """Newest first."""
        statement = _of_levels(run_id, levels).order_by(LogRow.attempt.desc(), LogRow.seq.desc())
        return await self._rows(statement.limit(limit))

    async def of_attempt(self, run_id: UUID, attempt: int, after_seq: int, limit: int) -> Sequence[LogRow]:
        statement = select(LogRow).where(LogRow.run_id == run_id, LogRow.attempt == attempt)
        statement = statement.where(LogRow.seq > after_seq)
        return await self._rows(statement.order_by(LogRow.seq).limit(limit))

    async def attempts(self, run_id: UUID) -> Sequence[int]:
        """Those with lines in the table."""
        statement = select(LogRow.attempt).where(LogRow.run_id == run_id).distinct()
        return (await self._session.scalars(statement.order_by(LogRow.attempt))).all()

    async def put_away(self, row: LogFileRow) -> None:
        """Its lines leave the table."""
        await self._session.merge(row)
        await self._session.execute(
            delete(LogRow).where(
                LogRow.run_id == row.run_id, LogRow.attempt == row.attempt, LogRow.seq <= row.last_seq
            )
        )

    async def files(self, run_id: UUID) -> Sequence[LogFileRow]:
        """In the order of their lines."""
        statement = select(LogFileRow).where(LogFileRow.run_id == run_id)
        ordered = statement.order_by(LogFileRow.attempt, LogFileRow.first_seq)
        return (await self._session.scalars(ordered)).all()

    async def _rows(self, statement: Select[LogRow]) -> Sequence[LogRow]:
        return (await self._session.scalars(statement)).all()


def _of_levels(run_id: UUID, levels: Sequence[str]) -> Select[LogRow]:
    return select(LogRow).where(LogRow.run_id == run_id, LogRow.level.in_(levels))
