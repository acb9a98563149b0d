"""Runs over HTTP: start, follow, stop, and what they left."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse

from libs.common.artifacts import package_weights
from libs.common.contracts.base import Chain, Page, PageQuery, View
from libs.common.contracts.runs import (
    CancelRun,
    Checkpoint,
    CreateRun,
    DeleteCheckpoint,
    GetRun,
    GetRunSummary,
    ListCheckpoints,
    ListRuns,
    MetricSeries,
    ReadLogs,
    ReadMetrics,
    ResumeRun,
    Run,
    RunState,
    RunSummary,
    StopRun,
)
from libs.common.contracts.telemetry import LogLine
from libs.common.errors import NotFound
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["runs"], route_class=IdempotentRoute)


class NewRun(View):
    then: Chain = ()
    device: str = "auto"
    priority: Annotated[int, Query(ge=-100, le=100)] = 0
    deployment: str | None = None


@router.post("/experiments/{experiment_id}/runs", status_code=202, dependencies=[EDIT])
async def create_run(experiment_id: UUID, wanted: NewRun, house: House) -> Run:
    """Puts a run in the queue; `then` says what follows by itself: evaluate, export, deploy."""
    return await house.ask(
        CreateRun(
            experiment_id=experiment_id,
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
) -> Page[Run]:
    return await house.ask(ListRuns(project_id=project, experiment_id=experiment, state=state, query=paging))


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
    return await house.ask(ResumeRun(run_id=run_id))


@router.get("/runs/{run_id}/metrics", dependencies=[READ])
async def get_metrics(
    run_id: UUID,
    house: House,
    key: Annotated[list[str] | None, Query(max_length=50)] = None,
    since: int | None = None,
    max_points: Annotated[int, Query(ge=10, le=10_000)] = 1000,
) -> tuple[MetricSeries, ...]:
    """One series per key; `since` is the last step already known."""
    return await house.ask(
        ReadMetrics(run_id=run_id, keys=tuple(key or ()), since_step=since, max_points=max_points)
    )


@router.get("/runs/{run_id}/logs", dependencies=[READ])
async def get_logs(
    run_id: UUID,
    house: House,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> Page[LogLine]:
    return await house.ask(ReadLogs(run_id=run_id, query=PageQuery(limit=limit, cursor=cursor)))


@router.get("/runs/{run_id}/summary", dependencies=[READ])
async def get_summary(run_id: UUID, house: House) -> RunSummary:
    return await house.ask(GetRunSummary(run_id=run_id))


@router.get("/runs/{run_id}/checkpoints", dependencies=[READ])
async def list_checkpoints(run_id: UUID, house: House) -> tuple[Checkpoint, ...]:
    return await house.ask(ListCheckpoints(run_id=run_id))


@router.get("/runs/{run_id}/checkpoints/{name}", dependencies=[READ], response_class=RedirectResponse)
async def download_checkpoint(run_id: UUID, name: str, house: House) -> RedirectResponse:
    """Redirects to the weights (safetensors) in the object store; the link lives an hour."""
    checkpoints = await house.ask(ListCheckpoints(run_id=run_id))
    found = next((checkpoint for checkpoint in checkpoints if checkpoint.name == name), None)
    if found is None:
        raise NotFound(f"this run has no checkpoint {name!r}")
    filename = f"{run_id}-{found.name}.safetensors"
    url = house.storage.presign_get(package_weights(found.package), filename=filename)
    return RedirectResponse(url, 307)


@router.delete("/runs/{run_id}/checkpoints/{name}", dependencies=[EDIT])
async def delete_checkpoint(run_id: UUID, name: str, house: House) -> tuple[Checkpoint, ...]:
    return await house.ask(DeleteCheckpoint(run_id=run_id, name=name))


class Lineage(View):
    """From samples to this run, by reference."""

    dataset_id: UUID
    version: int
    split_id: UUID
    experiment_id: UUID
    run_id: UUID


@router.get("/runs/{run_id}/lineage", dependencies=[READ])
async def get_lineage(run_id: UUID, house: House) -> Lineage:
    run = await house.ask(GetRun(run_id=run_id))
    return Lineage(
        dataset_id=run.data.dataset_id,
        version=run.data.version,
        split_id=run.data.split_id,
        experiment_id=run.experiment_id,
        run_id=run.id,
    )
