"""Runs, the transitions of their life and the attempts at them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.jobs import JobState
from libs.common.contracts.runs import ListRuns, RunState
from libs.common.db.within import first_rows
from libs.common.jobs.model import JobRow
from services.trainer.models import AttemptRow, CheckpointRow, RunRow, TransitionRow
from services.trainer.repository.texts import holds

UNFINISHED = tuple(state for state in RunState if not state.is_final)


class Runs:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: RunRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def get(self, run_id: UUID) -> RunRow | None:
        return await self._session.get(RunRow, run_id, populate_existing=True)

    async def some(self, run_ids: Sequence[UUID]) -> Sequence[RunRow]:
        """Those that exist."""
        return await self._where(RunRow.id.in_(run_ids))

    async def lock(self, run_id: UUID) -> RunRow | None:
        """Who needs the run's job too locks that one first."""
        return await self._session.get(RunRow, run_id, with_for_update=True, populate_existing=True)

    async def hold(self, run_id: UUID) -> RunRow | None:
        """It may change until the transaction ends, but not be deleted."""
        held = {"read": True, "key_share": True}
        return await self._session.get(RunRow, run_id, with_for_update=held, populate_existing=True)

    async def page(self, wanted: ListRuns, before: UUID | None, limit: int) -> Sequence[RunRow]:
        """Newest first: ids grow with time."""
        columns = {
            RunRow.project_id: wanted.project_id,
            RunRow.experiment_id: wanted.experiment_id,
            RunRow.state: wanted.state,
        }
        conditions = [column == value for column, value in columns.items() if value is not None]
        if wanted.text:
            conditions.append(holds(RunRow.name, wanted.text))
        if wanted.has_checkpoint is not None:
            kept = exists().where(CheckpointRow.run_id == RunRow.id)
            conditions.append(kept if wanted.has_checkpoint else ~kept)
        if before is not None:
            conditions.append(RunRow.id < before)
        statement = select(RunRow).where(*conditions)
        page = first_rows(statement, [RunRow.id], limit, wanted.within, RunRow.project_id, is_falling=True)
        return (await self._session.scalars(page)).all()

    async def unfinished_of_experiment(self, experiment_id: UUID) -> Sequence[RunRow]:
        return await self._where(RunRow.experiment_id == experiment_id, RunRow.state.in_(UNFINISHED))

    async def of_experiment(self, experiment_id: UUID) -> Sequence[RunRow]:
        return await self._where(RunRow.experiment_id == experiment_id)

    async def of_project(self, project_id: UUID) -> Sequence[RunRow]:
        return await self._where(RunRow.project_id == project_id)

    async def revive(self, job_id: UUID, token: UUID) -> RunRow | None:
        """The run whose attempt under this token was given up and is taken up again; None otherwise."""
        same_attempt = exists().where(
            AttemptRow.run_id == RunRow.id, AttemptRow.number == RunRow.attempt, AttemptRow.token == token
        )
        statement = (
            update(RunRow)
            .where(RunRow.job_id == job_id, RunRow.state == RunState.QUEUED, same_attempt)
            .values(state=RunState.RUNNING)
            .returning(RunRow)
            .execution_options(populate_existing=True)
        )
        return await self._session.scalar(statement)

    async def record(self, row: RunRow, state: RunState, reason: str) -> None:
        """Moves the run on and remembers when and why."""
        row.state, row.reason = state.value, reason
        self._session.add(TransitionRow(run_id=row.id, state=state.value, reason=reason))
        await self._session.flush()

    async def transitions(self, run_id: UUID) -> Sequence[TransitionRow]:
        statement = select(TransitionRow).where(TransitionRow.run_id == run_id).order_by(TransitionRow.id)
        return (await self._session.scalars(statement)).all()

    async def add_attempt(self, row: AttemptRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def attempt_with(self, token: UUID) -> AttemptRow | None:
        return await self._session.scalar(select(AttemptRow).where(AttemptRow.token == token))

    async def last_durations(self, experiment_ids: Collection[UUID]) -> dict[UUID, float]:
        """Seconds that the newest run of each experiment that was trained to its end has taken."""
        statement = (
            select(RunRow.experiment_id, RunRow.finished_at - RunRow.started_at)
            .where(RunRow.experiment_id.in_(experiment_ids), RunRow.state == RunState.COMPLETED)
            .where(~RunRow.is_stopped)
            .distinct(RunRow.experiment_id)
            .order_by(RunRow.experiment_id, RunRow.id.desc())
        )
        found = await self._session.execute(statement)
        return {id: taken.total_seconds() for id, taken in found if taken is not None}

    async def attempts(self, run_ids: Sequence[UUID]) -> Sequence[AttemptRow]:
        statement = select(AttemptRow).where(AttemptRow.run_id.in_(run_ids)).order_by(AttemptRow.number)
        return (await self._session.scalars(statement)).all()

    async def lock_many(self, run_ids: Sequence[UUID]) -> Sequence[RunRow]:
        """Those that exist, in one order, so that two who lock several never wait for each other."""
        statement = select(RunRow).where(RunRow.id.in_(run_ids)).order_by(RunRow.id).with_for_update()
        found = await self._session.scalars(statement, execution_options={"populate_existing": True})
        return found.all()

    async def users_of(self, run_id: UUID) -> list[str]:
        """What has not ended and reads a model of it: jobs of other rooms, and runs that begin with it."""
        jobs = select(JobRow.title).where(
            JobRow.state.in_((JobState.QUEUED, JobState.RUNNING)),
            JobRow.spec["model"]["run_id"].astext == str(run_id),
        )
        runs = select(RunRow.name).where(
            RunRow.state.in_(UNFINISHED), RunRow.starts_from["run_id"].astext == str(run_id)
        )
        return [*await self._session.scalars(jobs), *await self._session.scalars(runs)]

    async def last_of_experiment(self, experiment_id: UUID) -> UUID | None:
        statement = select(RunRow.id).where(RunRow.experiment_id == experiment_id)
        return await self._session.scalar(statement.order_by(RunRow.id.desc()).limit(1))

    async def delete(self, run_id: UUID) -> None:
        await self._session.execute(delete(RunRow).where(RunRow.id == run_id))

    async def _where(self, *conditions: ColumnElement[bool]) -> Sequence[RunRow]:
        return (await self._session.scalars(select(RunRow).where(*conditions).order_by(RunRow.id))).all()
