"""The fact door of the exporter: evaluated or completed runs are exported if they ask for it."""

from libs.common.bus import EventDoor
from libs.common.contracts.base import Step
from libs.common.contracts.evaluations import Evaluable, EvaluationCompleted
from libs.common.contracts.exports import ExportModel
from libs.common.contracts.jobs import JobCancelled, JobFailed
from libs.common.contracts.models import ImportForeignModel
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.run_facts import RunCompleted
from services.exporter.service import Service

events = EventDoor()


@events.on
async def export_evaluated_model(fact: EvaluationCompleted, service: Service) -> None:
    if fact.then[:1] == (Step.EXPORT,):
        await service.create(fact.model, then=fact.then[1:])


@events.on
async def export_completed_run(fact: RunCompleted, service: Service) -> None:
    if fact.then[:1] == (Step.EXPORT,):
        await service.create(Evaluable.of_run(fact), then=fact.then[1:])


@events.on
async def record_failure(fact: JobFailed, service: Service) -> None:
    if fact.kind == ExportModel.kind:
        await service.fail(ExportModel.model_validate(fact.spec), fact.code, fact.detail)
    if fact.kind == ImportForeignModel.kind:
        await service.imports.drop(ImportForeignModel.model_validate(fact.spec))


@events.on
async def record_cancellation(fact: JobCancelled, service: Service) -> None:
    if fact.kind == ExportModel.kind:
        await service.cancel(ExportModel.model_validate(fact.spec))
    if fact.kind == ImportForeignModel.kind:
        await service.imports.drop(ImportForeignModel.model_validate(fact.spec))


@events.on
async def forget_project(fact: ProjectDeleted, service: Service) -> None:
    if fact.project_id is not None:
        await service.forget_project(fact.project_id)
