"""Jobs over HTTP: all long work of all rooms in one list."""

from uuid import UUID

from fastapi import APIRouter

from libs.common.contracts.base import Page
from libs.common.contracts.jobs import CancelJob, GetJob, Job, JobState, Kind, ListJobs
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["jobs"])


@router.get("/jobs", dependencies=[READ])
async def list_jobs(
    house: House,
    paging: Paging,
    project: UUID | None = None,
    state: JobState | None = None,
    kind: Kind | None = None,
) -> Page[Job]:
    return await house.ask(ListJobs(project_id=project, state=state, kind=kind, query=paging))


@router.get("/jobs/{job_id}", dependencies=[READ])
async def get_job(job_id: UUID, house: House) -> Job:
    return await house.ask(GetJob(job_id=job_id))


@router.post("/jobs/{job_id}/cancel", status_code=202, dependencies=[EDIT])
async def cancel_job(job_id: UUID, house: House) -> Job:
    return await house.ask(CancelJob(job_id=job_id))
