"""The request door of the trainer room."""

from libs.common.bus import RequestDoor
from libs.common.contracts.attempts import AttemptStart, RecordCheckpoint, SignAccess, SignedUrl, StartAttempt
from libs.common.contracts.base import Gone, Page, now
from libs.common.contracts.checkpoints import Checkpoint, DeleteCheckpoint, ListCheckpoints
from libs.common.contracts.comparisons import CompareRuns, Comparison
from libs.common.contracts.experiments import (
    CreateExperiment,
    DeleteExperiment,
    DuplicateExperiment,
    Experiment,
    ExperimentSummary,
    GetExperiment,
    ListExperiments,
    UpdateExperiment,
)
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
from libs.common.contracts.measurements import LogPage, MetricSeries, ReadLogs, ReadMetrics
from libs.common.contracts.owners import OwnersInTrainer, Projects
from libs.common.contracts.queue import (
    ChangeQueueSettings,
    DeviceNeeds,
    GetQueueSettings,
    ListQueue,
    ListQueueHistory,
    MoveJob,
    QueueEntry,
    QueueSettings,
    RemoveFromQueue,
    RequireDevice,
)
from libs.common.contracts.retention import (
    AlertLimits,
    ChangeAlertLimits,
    ChangeHistorySettings,
    GetAlertLimits,
    GetHistorySettings,
    HistorySettings,
)
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
from libs.common.contracts.system import (
    Alert,
    GetNode,
    ListAlerts,
    ListNodes,
    Node,
    NodeHistory,
    ReadNodeHistory,
    TellNode,
    Told,
)
from services.trainer.service import Service

requests = RequestDoor()


@requests.answers
async def list_owners(request: OwnersInTrainer, service: Service) -> Projects:
    return await service.owners.projects(request)


@requests.answers
async def create_experiment(request: CreateExperiment, service: Service) -> Experiment:
    return await service.experiments.create(request)


@requests.answers
async def get_experiment(request: GetExperiment, service: Service) -> Experiment:
    return await service.experiments.get(request.experiment_id)


@requests.answers
async def list_experiments(request: ListExperiments, service: Service) -> Page[ExperimentSummary]:
    return await service.experiments.list_experiments(request)


@requests.answers
async def duplicate_experiment(request: DuplicateExperiment, service: Service) -> Experiment:
    return await service.experiments.duplicate(request)


@requests.answers
async def update_experiment(request: UpdateExperiment, service: Service) -> Experiment:
    return await service.experiments.update(request)


@requests.answers
async def delete_experiment(request: DeleteExperiment, service: Service) -> Gone:
    return await service.experiments.delete(request.experiment_id)


@requests.answers
async def compare_runs(request: CompareRuns, service: Service) -> Comparison:
    return await service.comparisons.compare(request)


@requests.answers
async def create_run(request: CreateRun, service: Service) -> Run:
    return await service.runs.create(request)


@requests.answers
async def get_run(request: GetRun, service: Service) -> Run:
    return await service.runs.get(request.run_id)


@requests.answers
async def delete_run(request: DeleteRun, service: Service) -> Gone:
    return await service.deletion.delete(request.run_id)


@requests.answers
async def list_runs(request: ListRuns, service: Service) -> Page[Run]:
    return await service.runs.list_runs(request)


@requests.answers
async def stop_run(request: StopRun, service: Service) -> Run:
    return await service.runs.stop(request.run_id)


@requests.answers
async def cancel_run(request: CancelRun, service: Service) -> Run:
    return await service.runs.cancel(request.run_id)


@requests.answers
async def resume_run(request: ResumeRun, service: Service) -> Run:
    return await service.runs.resume(request.run_id)


@requests.answers
async def summarise_run(request: GetRunSummary, service: Service) -> RunSummary:
    return await service.runs.summary(request.run_id)


@requests.answers
async def list_checkpoints(request: ListCheckpoints, service: Service) -> tuple[Checkpoint, ...]:
    return await service.runs.list_checkpoints(request.run_id)


@requests.answers
async def delete_checkpoint(request: DeleteCheckpoint, service: Service) -> tuple[Checkpoint, ...]:
    return await service.runs.delete_checkpoint(request.run_id, request.name)


@requests.answers
async def read_metrics(request: ReadMetrics, service: Service) -> tuple[MetricSeries, ...]:
    return await service.history.read_metrics(request)


@requests.answers
async def read_logs(request: ReadLogs, service: Service) -> LogPage:
    return await service.logs.read(request)


@requests.answers
async def start_attempt(request: StartAttempt, service: Service) -> AttemptStart:
    return await service.attempts.start(request)


@requests.answers
async def sign_access(request: SignAccess, service: Service) -> tuple[SignedUrl, ...]:
    return await service.attempts.sign(request)


@requests.answers
async def record_checkpoint(request: RecordCheckpoint, service: Service) -> Checkpoint:
    return await service.attempts.record_checkpoint(request)


@requests.answers
async def claim_job(request: ClaimJob, service: Service) -> Lease | None:
    return await service.scheduler.claim(request)


@requests.answers
async def beat_job(request: BeatJob, service: Service) -> Beat:
    return await service.scheduler.beat(request)


@requests.answers
async def finish_job(request: FinishJob, service: Service) -> Job:
    return await service.scheduler.finish(request)


@requests.answers
async def fail_job(request: FailJob, service: Service) -> Job:
    return await service.scheduler.fail(request)


@requests.answers
async def release_job(request: ReleaseJob, service: Service) -> Job:
    return await service.scheduler.release(request.job_id, request.token)


@requests.answers
async def cancel_job(request: CancelJob, service: Service) -> Job:
    return await service.scheduler.cancel(request.job_id)


@requests.answers
async def get_job(request: GetJob, service: Service) -> Job:
    return await service.scheduler.get(request.job_id)


@requests.answers
async def list_jobs(request: ListJobs, service: Service) -> Page[Job]:
    return await service.queue.newest(request)


@requests.answers
async def list_queue(request: ListQueue, service: Service) -> tuple[QueueEntry, ...]:
    return await service.queue.entries(request)


@requests.answers
async def list_queue_history(request: ListQueueHistory, service: Service) -> Page[QueueEntry]:
    return await service.queue.history(request)


@requests.answers
async def move_job(request: MoveJob, service: Service) -> Job:
    return await service.queue.move(request)


@requests.answers
async def remove_from_queue(request: RemoveFromQueue, service: Service) -> Job:
    return await service.queue.remove(request.job_id)


@requests.answers
async def get_queue_settings(request: GetQueueSettings, service: Service) -> QueueSettings:
    return await service.queue.settings()


@requests.answers
async def change_queue_settings(request: ChangeQueueSettings, service: Service) -> QueueSettings:
    return await service.queue.change(request)


@requests.answers
async def require_device(request: RequireDevice, service: Service) -> DeviceNeeds:
    return await service.nodes.require_device(request.device, request.kind)


@requests.answers
async def list_nodes(request: ListNodes, service: Service) -> tuple[Node, ...]:
    return await service.nodes.list_nodes(now(), request.within)


@requests.answers
async def get_node(request: GetNode, service: Service) -> Node:
    return await service.nodes.get(request, now())


@requests.answers
async def read_node_history(request: ReadNodeHistory, service: Service) -> NodeHistory:
    return await service.nodes.history(request, now())


@requests.answers
async def tell_node(request: TellNode, service: Service) -> Told:
    return await service.nodes.tell(request, now())


@requests.answers
async def list_alerts(request: ListAlerts, service: Service) -> Page[Alert]:
    return await service.alerts.list_alerts(request)


@requests.answers
async def get_alert_limits(request: GetAlertLimits, service: Service) -> AlertLimits:
    return await service.alerts.limits()


@requests.answers
async def change_alert_limits(request: ChangeAlertLimits, service: Service) -> AlertLimits:
    return await service.alerts.change_limits(request)


@requests.answers
async def get_history_settings(request: GetHistorySettings, service: Service) -> HistorySettings:
    return await service.archive.settings()


@requests.answers
async def change_history_settings(request: ChangeHistorySettings, service: Service) -> HistorySettings:
    return await service.archive.change(request)
