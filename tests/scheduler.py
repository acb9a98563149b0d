"""The scheduler's part of the trainer room on its own: what workers ask, answered from the real queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from libs.common.bus import Bus, RequestDoor, serve
from libs.common.contracts.jobs import (
    Beat,
    BeatJob,
    CancelJob,
    ClaimJob,
    FailJob,
    FinishJob,
    GetJob,
    Job,
    Lease,
    ReleaseJob,
)
from libs.common.db import Database
from libs.common.jobs import LEASE_SECONDS, JobQueue

door = RequestDoor()


@dataclass(frozen=True)
class Unit:
    service: JobQueue


@door.answers
async def claim(request: ClaimJob, queue: JobQueue) -> Lease | None:
    row = await queue.claim(request.worker, request.token)
    return row and row.lease(LEASE_SECONDS)


@door.answers
async def beat(request: BeatJob, queue: JobQueue) -> Beat:
    desired = await queue.beat(
        request.job_id, request.token, request.progress, request.message, request.checkpoint
    )
    return Beat(desired=desired)


@door.answers
async def finish(request: FinishJob, queue: JobQueue) -> Job:
    return (await queue.finish(request.job_id, request.token, request.result)).view()


@door.answers
async def fail(request: FailJob, queue: JobQueue) -> Job:
    row = await queue.fail(
        request.job_id, request.token, request.code, request.detail, retryable=request.retryable
    )
    return row.view()


@door.answers
async def release(request: ReleaseJob, queue: JobQueue) -> Job:
    return (await queue.release(request.job_id, request.token)).view()


@door.answers
async def cancel(request: CancelJob, queue: JobQueue) -> Job:
    return (await queue.cancel(request.job_id)).view()


@door.answers
async def get(request: GetJob, queue: JobQueue) -> Job:
    return (await queue.get(request.job_id)).view()


@asynccontextmanager
async def scheduler(bus: Bus, database: Database) -> AsyncIterator[None]:
    @asynccontextmanager
    async def open_unit() -> AsyncIterator[Unit]:
        async with database.transaction() as session:
            yield Unit(JobQueue(session))

    async with serve(bus, "trainer", door, open_unit):
        yield
