"""The life of an evaluation: what is queued, what becomes of it, what is announced."""

from uuid import UUID

from libs.common.bus.context import current_context
from libs.common.contracts.base import Chain, Gone, Page, now
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.evaluations import (
    CreateEvaluation,
    Evaluable,
    EvaluateModel,
    Evaluation,
    EvaluationCompleted,
    EvaluationFailed,
    EvaluationState,
    EvaluationSummary,
    ListEvaluations,
)
from libs.common.contracts.owners import OwnersInEvaluator, Projects
from libs.common.contracts.reports import EvaluationReport
from libs.common.db.outbox import Outbox
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.jobs.needs import needs_of
from libs.common.owners import ids_of, projects_of
from libs.common.paging import after, page_of
from services.evaluator.errors import EvaluationNotFound, SubsetIsEmpty
from services.evaluator.models import EvaluationRow
from services.evaluator.repository import EvaluationRepository


class Evaluations:
    def __init__(self, repository: EvaluationRepository, queue: JobQueue, outbox: Outbox) -> None:
        self._repository = repository
        self._queue = queue
        self._outbox = outbox

    async def create(self, wanted: CreateEvaluation) -> Evaluation:
        """Raises SubsetIsEmpty before anything is queued."""
        spec = EvaluateModel(
            evaluation_id=new_id(),
            model=wanted.model,
            subsets=wanted.subsets,
            batch_size=wanted.batch_size,
            then=wanted.then,
        )
        return await self._enqueue(spec, wanted.device)

    async def create_next(self, model: Evaluable, then: Chain) -> Evaluation:
        """The step of a chain, where nobody chose the subsets."""
        spec = EvaluateModel(evaluation_id=new_id(), model=model, subsets=model.data.held_out, then=then)
        return await self._enqueue(spec)

    async def _enqueue(self, spec: EvaluateModel, device: str | None = None) -> Evaluation:
        _require_samples(spec.model.data, spec.subsets)
        job_id = await self._queue.enqueue(
            spec,
            project_id=spec.model.project_id,
            title=f"Evaluate {spec.model.run_name}",
            created_by=current_context().actor,
            needs=needs_of(device) if device else (),
        )
        row = EvaluationRow(
            id=spec.evaluation_id,
            run_id=spec.model.run_id,
            project_id=spec.model.project_id,
            job_id=job_id,
            model=spec.model.model_dump(mode="json"),
            subsets=list(spec.subsets),
            batch_size=spec.batch_size,
            device=device,
        )
        await self._repository.add(row)
        return row.view()

    async def owners(self, asked: OwnersInEvaluator) -> Projects:
        found = await self._repository.owners(ids_of(asked.keys))
        return projects_of(asked, found, EvaluationNotFound, lambda key: f"evaluation {key} does not exist")

    async def get(self, evaluation_id: UUID) -> Evaluation:
        return (await self.existing(evaluation_id)).view()

    async def page(self, wanted: ListEvaluations) -> Page[EvaluationSummary]:
        query = wanted.query
        rows = await self._repository.page(wanted, after(query, UUID), query.limit + 1)
        return page_of(rows, query, EvaluationRow.summary, lambda row: row.id)

    async def delete(self, evaluation_id: UUID) -> Gone:
        """Its job is cancelled if it has not ended; what it found is swept away afterwards."""
        row = await self.existing(evaluation_id)
        await self._abandon(row)
        await self._repository.delete(evaluation_id)
        return Gone(id=str(evaluation_id))

    async def start(self, spec: EvaluateModel) -> None:
        if not await self._repository.set_running(spec.evaluation_id):
            raise EvaluationNotFound(f"evaluation {spec.evaluation_id} was deleted")

    async def complete(self, spec: EvaluateModel, report: EvaluationReport) -> None:
        """Report and fact; raises EvaluationNotFound if it was deleted meanwhile."""
        row = await self._repository.lock(spec.evaluation_id)
        if row is None:
            raise EvaluationNotFound(f"evaluation {spec.evaluation_id} was deleted")
        row.state, row.finished_at = EvaluationState.COMPLETED.value, now()
        row.report = report.model_dump(mode="json")
        completed = EvaluationCompleted(
            evaluation_id=row.id,
            project_id=row.project_id,
            model=spec.model,
            metrics=report.metrics,
            then=spec.then,
        )
        await self._outbox.add(completed)

    async def fail(self, spec: EvaluateModel, code: str, detail: str) -> None:
        await self._end_without_result(spec, EvaluationState.FAILED, code, detail)

    async def cancel(self, spec: EvaluateModel) -> None:
        await self._end_without_result(
            spec, EvaluationState.CANCELLED, "cancelled", "The evaluation was cancelled on request"
        )

    async def forget_project(self, project_id: UUID) -> None:
        for row in await self._repository.open_in_project(project_id):
            await self._abandon(row)
        await self._repository.delete_project(project_id)

    async def existing(self, evaluation_id: UUID) -> EvaluationRow:
        row = await self._repository.get(evaluation_id)
        if row is None:
            raise EvaluationNotFound(f"evaluation {evaluation_id} does not exist")
        return row

    async def _abandon(self, row: EvaluationRow) -> None:
        if EvaluationState(row.state) in (EvaluationState.QUEUED, EvaluationState.RUNNING):
            await self._queue.cancel(row.job_id)

    async def _end_without_result(
        self, spec: EvaluateModel, state: EvaluationState, code: str, detail: str
    ) -> None:
        """A deleted evaluation has nobody left to tell."""
        row = await self._repository.lock(spec.evaluation_id)
        if row is None:
            return
        row.state, row.finished_at = state.value, now()
        row.error_code, row.error_detail = code, detail
        failed = EvaluationFailed(
            evaluation_id=row.id,
            project_id=row.project_id,
            run_id=row.run_id,
            run_name=spec.model.run_name,
            code=code,
            detail=detail,
        )
        await self._outbox.add(failed)


def _require_samples(data: DataReference, subsets: tuple[str, ...]) -> None:
    empty = [name for name in subsets if not data.subset_counts.get(name)]
    if empty:
        known = ", ".join(name for name, count in data.subset_counts.items() if count)
        problems = [Problem(field="subsets", message=f"{name} has no samples") for name in empty]
        raise SubsetIsEmpty(f"the split has samples in: {known or 'no subset'}", errors=problems)
