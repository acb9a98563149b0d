"""The scheduler: what workers of every room ask; what becomes of a training job becomes of its run."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.contracts.attempts import TrainingOutcome, TrainRun
from libs.common.contracts.jobs import (
    Beat,
    BeatJob,
    ClaimJob,
    FailJob,
    FinishJob,
    Job,
    Lease,
)
from libs.common.jobs import JobQueue
from libs.common.jobs.model import JobRow
from services.trainer.repository import Repository
from services.trainer.service.life import Life


class Scheduler:
    def __init__(self, repository: Repository, queue: JobQueue, life: Life, lease_seconds: float) -> None:
        self._repository = repository
        self._queue = queue
        self._life = life
        self._lease_seconds = lease_seconds

    async def claim(self, wanted: ClaimJob) -> Lease | None:
        await self._repository.workers.see(wanted.worker)
        job = await self._queue.claim(wanted.worker, wanted.token)
        return job and job.lease(self._lease_seconds)

    async def beat(self, beat: BeatJob) -> Beat:
        desired = await self._queue.beat(
            beat.job_id, beat.token, beat.progress, beat.message, beat.checkpoint
        )
        await self._welcome_back(beat.job_id, beat.token)
        return Beat(desired=desired)

    async def finish(self, wanted: FinishJob) -> Job:
        """The run's end, its fact and the job's end together; asked again it changes nothing."""
        job = await self._queue.finish(wanted.job_id, wanted.token, wanted.result)
        run = await self._life.run_of(job)
        if run is not None and not run.is_final:
            await self._life.complete(run, TrainingOutcome.model_validate(job.result))
        return job.view()

    async def fail(self, wanted: FailJob) -> Job:
        job = await self._queue.fail(
            wanted.job_id, wanted.token, wanted.code, wanted.detail, retryable=wanted.retryable
        )
        reason = f"is tried again: {wanted.detail.partition(chr(10))[0]}"
        await self._life.follow(job, reason, is_used_up=wanted.retryable)
        return job.view()

    async def release(self, job_id: UUID, token: UUID) -> Job:
        job = await self._queue.release(job_id, token)
        return await self._followed(job, f"worker {job.worker} was shut down")

    async def cancel(self, job_id: UUID) -> Job:
        return await self._followed(await self._queue.cancel(job_id))

    async def get(self, job_id: UUID) -> Job:
        return (await self._queue.get(job_id)).view()

    async def settle_lost(self, jobs: Sequence[JobRow]) -> None:
        """In the transaction in which the reaper gave them up."""
        for job in jobs:
            await self._life.lose(job)

    async def _followed(self, job: JobRow, reason: str = "") -> Job:
        await self._life.follow(job, reason)
        return job.view()

    async def _welcome_back(self, job_id: UUID, token: UUID) -> None:
        """A worker that was only cut off goes on with what it was thought to have lost."""
        job = await self._queue.get(job_id)
        if job.kind == TrainRun.kind and (run := await self._repository.runs.revive(job_id, token)):
            await self._life.come_back(run, f"worker {job.worker} is heard of again")
            await self._life.follow(job)
