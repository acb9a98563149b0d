"""Jobs and the queue over HTTP: all long work of all rooms in one list."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.common.contracts.base import Page, View
from libs.common.contracts.jobs import CancelJob, GetJob, Job, JobState, ListJobs, ListQueue, MoveJob
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["jobs"])


class Place(View):
    """Exactly one of the two: the job to stand before or after."""

    before: UUID | None = None
    after: UUID | None = None


@router.get("/jobs", dependencies=[READ])
async def list_jobs(
    house: House,
    paging: Paging,
    project: UUID | None = None,
    state: JobState | None = None,
    kind: Annotated[str | None, Query(max_length=60)] = None,
) -> Page[Job]:
    return await house.ask(ListJobs(project_id=project, state=state, kind=kind, query=paging))


@router.get("/jobs/{job_id}", dependencies=[READ])
async def get_job(job_id: UUID, house: House) -> Job:
    return await house.ask(GetJob(job_id=job_id))


@router.post("/jobs/{job_id}/cancel", status_code=202, dependencies=[EDIT])
async def cancel_job(job_id: UUID, house: House) -> Job:
    return await house.ask(CancelJob(job_id=job_id))


@router.get("/queue", dependencies=[READ])
async def get_queue(house: House, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> Page[Job]:
    """What runs, then what waits, in the order in which it will start."""
    return Page(items=await house.ask(ListQueue(limit=limit)))


@router.patch("/queue/{job_id}", dependencies=[EDIT])
async def move_job(job_id: UUID, place: Place, house: House) -> Job:
    return await house.ask(MoveJob(job_id=job_id, before=place.before, after=place.after))


@router.delete("/queue/{job_id}", dependencies=[EDIT])
async def remove_from_queue(job_id: UUID, house: House) -> Job:
    return await house.ask(CancelJob(job_id=job_id))
