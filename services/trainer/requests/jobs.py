"""The jobs of all rooms, as their workers ask for them."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Page
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
    ListJobs,
    ReleaseJob,
)
from services.trainer.service import Service

door = RequestDoor()


@door.answers
async def claim_job(request: ClaimJob, service: Service) -> Lease | None:
    return await service.scheduler.claim(request)


@door.answers
async def beat_job(request: BeatJob, service: Service) -> Beat:
    return await service.scheduler.beat(request)


@door.answers
async def finish_job(request: FinishJob, service: Service) -> Job:
    return await service.scheduler.finish(request)


@door.answers
async def fail_job(request: FailJob, service: Service) -> Job:
    return await service.scheduler.fail(request)


@door.answers
async def release_job(request: ReleaseJob, service: Service) -> Job:
    return await service.scheduler.release(request.job_id, request.token)


@door.answers
async def cancel_job(request: CancelJob, service: Service) -> Job:
    return await service.scheduler.cancel(request.job_id)


@door.answers
async def get_job(request: GetJob, service: Service) -> Job:
    return await service.scheduler.get(request.job_id)


@door.answers
async def list_jobs(request: ListJobs, service: Service) -> Page[Job]:
    return await service.queue.newest(request)
