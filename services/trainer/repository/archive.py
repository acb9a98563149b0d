"""Runs whose points lie in files, and those that have ended so long ago that theirs are to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.runs import RunState
from services.trainer.models import CheckpointRow, LogFileRow, LogRow, PointFileRow, RunRow

FINAL = tuple(state.value for state in RunState if state.is_final)
# What every run keeps of its checkpoints.
ALWAYS_KEPT = ("best", "last")


class Archive:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def file(self, run_id: UUID) -> PointFileRow | None:
        return await self._session.get(PointFileRow, run_id, populate_existing=True)

    async def files(self, run_ids: Collection[UUID]) -> dict[UUID, PointFileRow]:
        """Of those that have one."""
        statement = select(PointFileRow).where(PointFileRow.run_id.in_(run_ids))
        found = await self._session.scalars(statement, execution_options={"populate_existing": True})
        return {row.run_id: row for row in found}

    async def put(self, row: PointFileRow) -> None:
        """In the place of the one before."""
        values = {
            "key": row.key,
            "num_points": row.num_points,
            "is_behind": False,
            "archived_at": row.archived_at,
        }
        statement = insert(PointFileRow).values(run_id=row.run_id, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_=values))

    async def forget(self, run_id: UUID) -> None:
        await self._session.execute(delete(PointFileRow).where(PointFileRow.run_id == run_id))

    async def told_late(self, run_ids: Sequence[UUID]) -> None:
        """Their files do not hold everything any more."""
        if not run_ids:
            return
        statement = update(PointFileRow).where(PointFileRow.run_id.in_(run_ids)).values(is_behind=True)
        await self._session.execute(statement)

    async def next_run(self, before: datetime) -> UUID | None:
        """The next that ended before, and whose points are not all in its file; locked, others pass it by."""
        statement = (
            select(RunRow.id)
            .outerjoin(PointFileRow, PointFileRow.run_id == RunRow.id)
            .where(
                RunRow.finished_at < before,
                RunRow.state.in_(FINAL),
                or_(PointFileRow.run_id.is_(None), PointFileRow.is_behind),
            )
            .order_by(RunRow.finished_at)
            .limit(1)
            .with_for_update(of=RunRow, skip_locked=True)
        )
        return await self._session.scalar(statement)

    async def forget_logs(self, before: datetime, limit: int) -> Sequence[UUID]:
        """Of runs that ended before; whose they were."""
        said = or_(*(select(1).where(rows.run_id == RunRow.id).exists() for rows in (LogRow, LogFileRow)))
        ids = (await self._session.scalars(_ended(before).where(said).limit(limit))).all()
        for rows in (LogRow, LogFileRow):
            await self._session.execute(delete(rows).where(rows.run_id.in_(ids)))
        return ids

    async def forget_checkpoints(self, before: datetime, limit: int) -> Sequence[UUID]:
        """All but `best` and `last` of runs that ended before; whose they were."""
        more = CheckpointRow.name.not_in(ALWAYS_KEPT)
        has_more = select(1).where(CheckpointRow.run_id == RunRow.id, more).exists()
        ids = (await self._session.scalars(_ended(before).where(has_more).limit(limit))).all()
        await self._session.execute(delete(CheckpointRow).where(CheckpointRow.run_id.in_(ids), more))
        return ids


def _ended(before: datetime):
    return (
        select(RunRow.id)
        .where(RunRow.finished_at < before, RunRow.state.in_(FINAL))
        .with_for_update(of=RunRow, skip_locked=True)
    )
