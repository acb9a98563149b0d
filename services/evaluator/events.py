"""The fact door of the evaluator: completed runs are evaluated if they ask for it."""

from libs.common.bus import EventDoor
from libs.common.contracts.base import Step
from libs.common.contracts.evaluations import Evaluable, EvaluateModel
from libs.common.contracts.jobs import JobCancelled, JobFailed
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.run_facts import RunCompleted
from services.evaluator.service import Service

events = EventDoor()


@events.on
async def evaluate_completed_run(fact: RunCompleted, service: Service) -> None:
    if fact.then[:1] == (Step.EVALUATE,):
        await service.evaluations.create_next(Evaluable.of_run(fact), fact.then[1:])


@events.on
async def record_failure(fact: JobFailed, service: Service) -> None:
    if fact.kind == EvaluateModel.kind:
        await service.evaluations.fail(EvaluateModel.model_validate(fact.spec), fact.code, fact.detail)


@events.on
async def record_cancellation(fact: JobCancelled, service: Service) -> None:
    if fact.kind == EvaluateModel.kind:
        await service.evaluations.cancel(EvaluateModel.model_validate(fact.spec))


@events.on
async def forget_project(fact: ProjectDeleted, service: Service) -> None:
    if fact.project_id is not None:
        await service.evaluations.forget_project(fact.project_id)
