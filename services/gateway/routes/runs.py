"""Runs over HTTP: start, follow, stop, and what they left."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.common.contracts.base import Chain, Page, Slug, View
from libs.common.contracts.checkpoints import StartPoint
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.experiments import GetExperiment
from libs.common.contracts.lineage import Lineage
from libs.common.contracts.measurements import MetricKey, MetricSeries, ReadMetrics
from libs.common.contracts.runs import (
    CancelRun,
    CreateRun,
    DeleteRun,
    DeviceWish,
    GetRun,
    GetRunSummary,
    ListRuns,
    Priority,
    ResumeRun,
    Run,
    RunState,
    RunSummary,
    StopRun,
)
from services.gateway.access import EDIT, READ
from services.gateway.doors import Doors, House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.lineage import lineage_of
from services.gateway.paging import Paging
from services.gateway.subjects import require_data

router = APIRouter(prefix="/v1", tags=["runs"], route_class=IdempotentRoute)


class NewRun(View):
    """`like` repeats a run of this experiment: its config, data, seed and device, whatever is set now;
    `from_checkpoint` begins with the weights of another run."""

    like: UUID | None = None
    from_checkpoint: StartPoint | None = None
    then: Chain = ()
    device: DeviceWish | None = None
    priority: Priority = 0
    deployment: Slug | None = None


@router.post("/experiments/{experiment_id}/runs", status_code=202, dependencies=[EDIT])
async def create_run(experiment_id: UUID, wanted: NewRun, house: House) -> Run:
    """Puts a run in the queue; `then` says what follows by itself: evaluate, export, deploy."""
    await require_data(house, await _data_of(house, experiment_id, wanted.like))
    return await house.ask(
        CreateRun(
            experiment_id=experiment_id,
            like=wanted.like,
            from_checkpoint=wanted.from_checkpoint,
            then=wanted.then,
            device=wanted.device,
            priority=wanted.priority,
            deployment=wanted.deployment,
        )
    )


@router.get("/runs", dependencies=[READ])
async def list_runs(
    house: House,
    paging: Paging,
    project: UUID | None = None,
    experiment: UUID | None = None,
    state: RunState | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    has_checkpoint: bool | None = None,
) -> Page[Run]:
    """Newest first; `q` is a part of the name."""
    return await house.ask(
        ListRuns(
            project_id=project,
            experiment_id=experiment,
            state=state,
            text=q,
            has_checkpoint=has_checkpoint,
            query=paging,
        )
    )


@router.get("/runs/{run_id}", dependencies=[READ])
async def get_run(run_id: UUID, house: House) -> Run:
    return await house.ask(GetRun(run_id=run_id))


@router.post("/runs/{run_id}/stop", status_code=202, dependencies=[EDIT])
async def stop_run(run_id: UUID, house: House) -> Run:
    """Gracefully: ends after the present step, keeps its checkpoint."""
    return await house.ask(StopRun(run_id=run_id))


@router.post("/runs/{run_id}/cancel", status_code=202, dependencies=[EDIT])
async def cancel_run(run_id: UUID, house: House) -> Run:
    return await house.ask(CancelRun(run_id=run_id))


@router.post("/runs/{run_id}/resume", status_code=202, dependencies=[EDIT])
async def resume_run(run_id: UUID, house: House) -> Run:
    """Goes on from its last checkpoint, as a new attempt."""
    await require_data(house, (await house.ask(GetRun(run_id=run_id))).data)
    return await house.ask(ResumeRun(run_id=run_id))


@router.delete("/runs/{run_id}", status_code=204, dependencies=[EDIT])
async def delete_run(run_id: UUID, house: House) -> None:
    """With its curves, log and checkpoints; evaluations, exports and models made of it stay."""
    await house.ask(DeleteRun(run_id=run_id))


@router.get("/runs/{run_id}/metrics", dependencies=[READ])
async def get_metrics(
    run_id: UUID,
    house: House,
    key: Annotated[list[MetricKey] | None, Query(max_length=50)] = None,
    since: Annotated[int | None, Query(ge=-1, le=2**31 - 1)] = None,
    max_points: Annotated[int, Query(ge=10, le=10_000)] = 1000,
) -> tuple[MetricSeries, ...]:
    """One series per key; `since` is the last step already known."""
    return await house.ask(
        ReadMetrics(run_id=run_id, keys=tuple(key or ()), since_step=since, max_points=max_points)
    )


@router.get("/runs/{run_id}/summary", dependencies=[READ])
async def get_summary(run_id: UUID, house: House) -> RunSummary:
    return await house.ask(GetRunSummary(run_id=run_id))


@router.get("/runs/{run_id}/lineage", dependencies=[READ])
async def get_lineage(run_id: UUID, house: House) -> Lineage:
    """From datasets over the run to what answers with its model, as nodes and edges."""
    return await lineage_of(house, run_id)


async def _data_of(house: Doors, experiment_id: UUID, like: UUID | None) -> DataReference:
    if like is not None:
        return (await house.ask(GetRun(run_id=like))).data
    return (await house.ask(GetExperiment(experiment_id=experiment_id))).data
