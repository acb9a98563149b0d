"""Runs, and what they leave: checkpoints, points of metrics, lines of the log."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.checkpoints import Checkpoint, DeleteCheckpoint, ListCheckpoints
from libs.common.contracts.measurements import LogPage, MetricSeries, ReadLogs, ReadMetrics
from libs.common.contracts.runs import (
    CancelRun,
    CreateRun,
    DeleteRun,
    GetRun,
    GetRunSummary,
    ListRuns,
    ResumeRun,
    Run,
    RunSummary,
    StopRun,
)
from services.trainer.service import Service

door = RequestDoor()


@door.answers
async def create_run(request: CreateRun, service: Service) -> Run:
    return await service.runs.create(request)


@door.answers
async def get_run(request: GetRun, service: Service) -> Run:
    return await service.runs.get(request.run_id)


@door.answers
async def delete_run(request: DeleteRun, service: Service) -> Gone:
    return await service.deletion.delete(request.run_id)


@door.answers
async def list_runs(request: ListRuns, service: Service) -> Page[Run]:
    return await service.runs.list_runs(request)


@door.answers
async def stop_run(request: StopRun, service: Service) -> Run:
    return await service.runs.stop(request.run_id)


@door.answers
async def cancel_run(request: CancelRun, service: Service) -> Run:
    return await service.runs.cancel(request.run_id)


@door.answers
async def resume_run(request: ResumeRun, service: Service) -> Run:
    return await service.runs.resume(request.run_id)


@door.answers
async def summarise_run(request: GetRunSummary, service: Service) -> RunSummary:
    return await service.runs.summary(request.run_id)


@door.answers
async def list_checkpoints(request: ListCheckpoints, service: Service) -> tuple[Checkpoint, ...]:
    return await service.runs.list_checkpoints(request.run_id)


@door.answers
async def delete_checkpoint(request: DeleteCheckpoint, service: Service) -> tuple[Checkpoint, ...]:
    return await service.runs.delete_checkpoint(request.run_id, request.name)


@door.answers
async def read_metrics(request: ReadMetrics, service: Service) -> tuple[MetricSeries, ...]:
    return await service.history.read_metrics(request)


@door.answers
async def read_logs(request: ReadLogs, service: Service) -> LogPage:
    return await service.logs.read(request)
