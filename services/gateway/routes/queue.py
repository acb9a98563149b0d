"""The queue over HTTP: what runs, what waits and why, in which order, and what has ended."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from libs.common.contracts.base import Page
from libs.common.contracts.jobs import Job, JobState, Kind
from libs.common.contracts.queue import (
    ListQueue,
    ListQueueHistory,
    MoveJob,
    Place,
    QueueEntry,
    RemoveFromQueue,
)
from libs.common.contracts.runs import Run
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging
from services.gateway.routes.runs import NewRun, create_run

router = APIRouter(prefix="/v1/queue", tags=["queue"], route_class=IdempotentRoute)


class QueuedRun(NewRun):
    experiment_id: UUID


@router.get("", dependencies=[READ])
async def get_queue(house: House, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> Page[QueueEntry]:
    """What runs, then what waits, in the order in which it will start."""
    return Page(items=await house.ask(ListQueue(limit=limit)))


@router.post("", status_code=202, dependencies=[EDIT])
async def add_to_queue(wanted: QueuedRun, house: House) -> Run:
    """A run of the experiment, as `POST /v1/experiments/{id}/runs` makes it."""
    return await create_run(wanted.experiment_id, wanted, house)


@router.get("/history", dependencies=[READ])
async def list_queue_history(
    house: House,
    paging: Paging,
    project: UUID | None = None,
    state: JobState | None = None,
    kind: Kind | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Page[QueueEntry]:
    """What has ended, the last first."""
    return await house.ask(
        ListQueueHistory(project_id=project, state=state, kind=kind, since=since, until=until, query=paging)
    )


@router.patch("/{job_id}", dependencies=[EDIT])
async def move_job(job_id: UUID, place: Place, house: House) -> Job:
    """Jobs are named by their own id or by that of the run they train."""
    return await house.ask(MoveJob(job_id=job_id, place=place))


@router.delete("/{job_id}", dependencies=[EDIT])
async def remove_from_queue(job_id: UUID, house: House) -> Job:
    """What waits is cancelled at once, what runs is asked to end."""
    return await house.ask(RemoveFromQueue(job_id=job_id))
