"""Runs whose points lie in files, and those that have ended so long ago that theirs are to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from libs.common.contracts.jobs import JobState
from libs.common.contracts.runs import RunState
from libs.common.jobs.model import JobRow
from services.trainer.models import CheckpointRow, LogFileRow, LogRow, PointFileRow, RunRow

FINAL = tuple(state.value for state in RunState if state.is_final)
# What every run keeps of its checkpoints.
ALWAYS_KEPT = ("best", "last")
# Jobs that read their model, are to, or have made something of it.
NOT_IN_VAIN = (JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED)


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

    async def forget_checkpoints(self, before: datetime, limit: int) -> set[UUID]:
        """Of runs that ended before, those that nothing speaks of; whose they were."""
        statement = (
            select(CheckpointRow.run_id, CheckpointRow.name)
            .join(RunRow, RunRow.id == CheckpointRow.run_id)
            .where(
                RunRow.finished_at < before,
                RunRow.state.in_(FINAL),
                CheckpointRow.name.not_in(ALWAYS_KEPT),
                ~_is_read_by_a_job(),
                ~_is_begun_with(),
            )
            .limit(limit)
            .with_for_update(of=RunRow, skip_locked=True)
        )
        found = [(run_id, name) for run_id, name in await self._session.execute(statement)]
        named = tuple_(CheckpointRow.run_id, CheckpointRow.name)
        await self._session.execute(delete(CheckpointRow).where(named.in_(found)))
        return {run_id for run_id, _ in found}


def _is_read_by_a_job() -> ColumnElement[bool]:
    """An evaluation or an export of it, and so a model and its deployments."""
    of_it = JobRow.spec["model"]["package"].astext == CheckpointRow.package
    in_project = JobRow.project_id == RunRow.project_id
    return select(1).where(in_project, JobRow.state.in_(NOT_IN_VAIN), of_it).exists()


def _is_begun_with() -> ColumnElement[bool]:
    other = aliased(RunRow)
    of_it = other.starts_from["package"].astext == CheckpointRow.package
    return select(1).where(other.project_id == RunRow.project_id, of_it).exists()


def _ended(before: datetime):
    return (
        select(RunRow.id)
        .where(RunRow.finished_at < before, RunRow.state.in_(FINAL))
        .with_for_update(of=RunRow, skip_locked=True)
    )
