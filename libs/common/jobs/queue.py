"""The one queue of all long work: what becomes of a job; PostgreSQL decides, its clock counts."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Text, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import JobSpec
from libs.common.contracts.jobs import Desired, JobCancelled, JobFailed, JobState, WorkerIdentity
from libs.common.db.outbox import Outbox
from libs.common.errors import BadInput, Conflict, NotFound, Problem, StaleLease, Unavailable
from libs.common.ids import new_id
from libs.common.jobs.claim import JOB, are_free, claim_next
from libs.common.jobs.model import JobRow, job_rank
from libs.common.jobs.turns import take_turn, try_turn

LEASE_SECONDS = 60.0
HALF = Decimal("0.5")
ENQUEUE = insert(JOB)
LONGEST_BACKOFF_SECONDS = 300.0


class JobNotFound(NotFound):
    code, title = "job_not_found", "There is no such job"


class JobIsNotWaiting(Conflict):
    code, title = "job_is_not_waiting", "Only a waiting job has a place in the queue"


class NeighbourIsUnknown(BadInput):
    code, title = "neighbour_unknown", "There is no such job to stand beside"


class JobQueue:
    """Lives as long as its session: the caller's transaction decides whether anything of this happened."""

    def __init__(self, session: AsyncSession, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._session = session
        self._lease_seconds = lease_seconds

    async def enqueue(
        self,
        spec: JobSpec,
        *,
        project_id: UUID | None = None,
        title: str = "",
        created_by: str | None = None,
        priority: int = 0,
        max_attempts: int = 3,
        needs: Sequence[str] = (),
        num_devices: int = 1,
    ) -> UUID:
        """`needs` are capabilities a worker must have (`gpu`, `cpu`); visible when the caller commits."""
        job_id = new_id()
        values = {
            "id": job_id,
            "kind": spec.kind,
            "project_id": project_id,
            "title": title,
            "created_by": created_by,
            "spec": spec.model_dump(mode="json"),
            "needs_device": spec.needs_device,
            "needs": list(needs),
            "num_devices": num_devices,
            "priority": priority,
            "max_attempts": max_attempts,
        }
        await self._session.execute(ENQUEUE, values)
        return job_id

    async def claim(self, worker: WorkerIdentity, token: UUID) -> JobRow | None:
        """The first job in order that this worker can do now; the same token gives the same job again."""
        await take_turn(self._session)
        return await claim_next(self._session, worker, token, self._lease_seconds)

    async def beat(
        self, job_id: UUID, token: UUID, progress: float, message: str, checkpoint: dict | None = None
    ) -> Desired:
        """Prolongs the lease and answers what is desired; a job requeued meanwhile is taken up again."""
        row = await self.held(job_id, token)
        if row.state == JobState.QUEUED:
            await self._take_up(row)
        row.lease_expires_at = self._lease_end()
        row.progress, row.message = progress, message
        if checkpoint is not None:
            row.checkpoint = checkpoint
        await self._store(row)
        return Desired(row.desired)

    async def held(self, job_id: UUID, token: UUID) -> JobRow:
        """The job, locked, if `token` may still write for it; StaleLease otherwise."""
        row = await self._fenced(job_id, token)
        if JobState(row.state).is_final:
            raise StaleLease(f"the job is already {row.state}")
        return row

    async def finish(self, job_id: UUID, token: UUID, result: dict | None = None) -> JobRow:
        """Asked again it changes nothing: whoever adds rows of its own looks first whether it has done so."""
        row = await self._fenced(job_id, token)
        if row.state == JobState.COMPLETED:
            return row
        if JobState(row.state).is_final:
            raise StaleLease(f"the job is already {row.state}")
        row.progress, row.result = 1.0, result
        await self._end(row, JobState.COMPLETED)
        return row

    async def fail(
        self, job_id: UUID, token: UUID, code: str, detail: str, *, retryable: bool = False
    ) -> JobRow:
        """Back into the queue after a pause, or failed for good, or cancelled if that was the wish."""
        row = await self._fenced(job_id, token)
        if JobState(row.state).is_final:
            return row
        row.error_code, row.error_detail = code, detail
        if retryable and row.attempt < row.max_attempts and row.desired != Desired.CANCEL:
            await self._requeue(row, backoff_seconds(row.attempt))
        else:
            await self._give_up(row)
        return row

    async def release(self, job_id: UUID, token: UUID) -> JobRow:
        """Back into the queue at once; the attempt keeps its number, since bytes may lie under it."""
        row = await self.held(job_id, token)
        row.max_attempts += 1
        await self._requeue(row)
        return row

    async def cancel(self, job_id: UUID) -> JobRow:
        return await self._wish(job_id, Desired.CANCEL)

    async def stop(self, job_id: UUID) -> JobRow:
        """A running job ends early and keeps what it has; a waiting one has nothing and is cancelled."""
        return await self._wish(job_id, Desired.STOP)

    async def requeue_lost(self) -> Sequence[JobRow]:
        """What the reaper does to jobs whose lease ran out; the rows it changed."""
        statement = (
            select(JobRow)
            .where(JobRow.state == JobState.RUNNING, JobRow.lease_expires_at < func.clock_timestamp())
            .with_for_update(skip_locked=True)
        )
        lost = (await self._session.scalars(statement)).all()
        for row in lost:
            if row.attempt < row.max_attempts and row.desired != Desired.CANCEL:
                await self._requeue(row)
            else:
                row.error_code = "lost_worker"
                row.error_detail = f"worker {row.worker} was not heard of any more, attempt {row.attempt}"
                await self._give_up(row)
        return lost

    async def move(self, job_id: UUID, *, before: UUID | None = None, after: UUID | None = None) -> JobRow:
        """To the midpoint between the neighbour and the one beyond; PostgreSQL's numeric halves exactly."""
        await take_turn(self._session)
        row = await self._waiting(job_id)
        neighbour = await self._neighbour("before" if before else "after", before or after)
        # What runs keeps its rank: it may come back into the queue.
        lives = JobRow.state.in_((JobState.QUEUED, JobState.RUNNING))
        same = (lives, JobRow.priority == neighbour.priority, JobRow.id != job_id)
        if before:
            beyond = select(func.max(JobRow.rank)).where(*same, JobRow.rank < neighbour.rank)
            rank = (func.coalesce(beyond.scalar_subquery(), neighbour.rank - 2) + neighbour.rank) * HALF
        else:
            beyond = select(func.min(JobRow.rank)).where(*same, JobRow.rank > neighbour.rank)
            # Behind the last: a number of its own, or it would share that of the next job to come.
            rank = func.coalesce((beyond.scalar_subquery() + neighbour.rank) * HALF, job_rank.next_value())
        row.priority, row.rank = neighbour.priority, rank
        await self._store(row)
        return row

    async def get(self, job_id: UUID) -> JobRow:
        row = await self._session.get(JobRow, job_id)
        if row is None:
            raise JobNotFound(f"job {job_id} does not exist")
        return row

    async def _take_up(self, row: JobRow) -> None:
        """Limits do not hold it back: the worker has not stopped working."""
        if not await try_turn(self._session):
            raise Unavailable("the queue is being changed; the next beat tries again")
        devices = literal([row.device, *row.also_devices], ARRAY(Text))
        taken = row.needs_device and not await self._session.scalar(select(are_free(devices)))
        if taken:
            raise StaleLease("the device was given to another job while the worker was away")
        row.state, row.not_before = JobState.RUNNING.value, None

    async def _fenced(self, job_id: UUID, token: UUID) -> JobRow:
        row = await self._locked(job_id)
        if row.token != token:
            raise StaleLease("the job was given to another worker")
        return row

    async def _waiting(self, job_id: UUID) -> JobRow:
        row = await self._locked(job_id)
        if row.state != JobState.QUEUED:
            raise JobIsNotWaiting(f"{row.title or 'job'} ({job_id}) is {row.state} by now")
        return row

    async def _neighbour(self, side: str, job_id: UUID | None) -> JobRow:
        assert job_id is not None
        try:
            return await self._waiting(job_id)
        except JobNotFound as error:
            problem = Problem(field=side, message="no such job")
            raise NeighbourIsUnknown(error.detail, errors=[problem]) from error

    async def _locked(self, job_id: UUID) -> JobRow:
        statement = select(JobRow).where(JobRow.id == job_id).with_for_update()
        row = await self._session.scalar(statement, execution_options={"populate_existing": True})
        if row is None:
            raise JobNotFound(f"job {job_id} does not exist")
        return row

    async def _wish(self, job_id: UUID, desired: Desired) -> JobRow:
        row = await self._locked(job_id)
        if row.state == JobState.QUEUED:
            await self._end(row, JobState.CANCELLED)
        elif row.state == JobState.RUNNING and row.desired != Desired.CANCEL:
            row.desired = desired.value
            await self._store(row)
        return row

    async def _requeue(self, row: JobRow, pause_seconds: float = 0) -> None:
        row.state, row.lease_expires_at = JobState.QUEUED.value, None
        row.not_before = func.clock_timestamp() + timedelta(seconds=pause_seconds)
        await self._store(row)

    async def _give_up(self, row: JobRow) -> None:
        await self._end(row, JobState.CANCELLED if row.desired == Desired.CANCEL else JobState.FAILED)

    async def _end(self, row: JobRow, state: JobState) -> None:
        row.state, row.lease_expires_at = state.value, None
        row.finished_at = func.clock_timestamp()
        await self._store(row)
        about = {
            "job_id": row.id,
            "project_id": row.project_id,
            "kind": row.kind,
            "spec": row.spec,
            "attempt": row.attempt,
        }
        if state is JobState.FAILED:
            failed = JobFailed(**about, code=row.error_code or "", detail=row.error_detail or "")
            await Outbox(self._session).add(failed)
        elif state is JobState.CANCELLED:
            await Outbox(self._session).add(JobCancelled(**about))

    async def _store(self, row: JobRow) -> None:
        """Read back, too: times and ranks are the database's to say, and the row outlives its session."""
        await self._session.flush()
        await self._session.refresh(row)

    def _lease_end(self) -> ColumnElement:
        return func.clock_timestamp() + timedelta(seconds=self._lease_seconds)


def backoff_seconds(attempt: int) -> float:
    return min(5.0 * 3 ** (attempt - 1), LONGEST_BACKOFF_SECONDS)
