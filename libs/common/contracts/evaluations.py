"""Evaluations: how good a checkpoint is, in aggregate and sample by sample."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts.base import Chain, Fact, Gone, JobSpec, Page, PageQuery, Request, View, Within
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.packages import DataSource
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.run_facts import RunCompleted
from libs.common.contracts.runs import DeviceWish
from libs.common.contracts.splits import Subset

BatchSize = Annotated[int, Field(ge=1, le=4096)]


class EvaluationState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class EvaluationSummary(View):
    """An evaluation as lists show it: `metrics` over all its subsets, without the report."""

    id: UUID
    run_id: UUID
    run_name: str
    experiment_id: UUID
    project_id: UUID
    task: str
    checkpoint: str
    package: str
    data: DataSource
    subsets: tuple[str, ...]
    batch_size: int | None = None
    device: str | None = None
    state: EvaluationState
    job_id: UUID | None
    metrics: dict[str, float] = {}
    error_code: str | None = None
    error_detail: str | None = None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None = None


class Evaluation(EvaluationSummary):
    report: EvaluationReport | None = None


class Evaluable(View):
    """What an evaluation or export is about; the gateway fills it from the run, facts carry it.

    `checkpoint` names the package of the run's (`best`, `last`, `epoch-N`); `deployment` is what a chain
    that ends in deploy calls its deployment, and its model.
    """

    run_id: UUID
    run_name: str
    experiment_id: UUID
    project_id: UUID
    task: str
    checkpoint: str = "best"
    package: str
    data: DataReference
    deployment: str = ""

    @classmethod
    def of_run(cls, fact: RunCompleted) -> "Evaluable":
        return cls(
            run_id=fact.run_id,
            run_name=fact.name,
            experiment_id=fact.experiment_id,
            project_id=fact.data.project_id,
            task=fact.task,
            package=fact.package,
            data=fact.data,
            deployment=fact.deployment,
        )


class CreateEvaluation(Request[Evaluation], subject="svc.evaluator.evaluation.create"):
    model: Evaluable
    subsets: Annotated[tuple[Subset, ...], Field(min_length=1, max_length=20)] = ("test",)
    batch_size: BatchSize | None = None
    device: DeviceWish | None = None
    then: Chain = ()


class GetEvaluation(Request[Evaluation], subject="svc.evaluator.evaluation.get"):
    evaluation_id: UUID


class ListEvaluations(Request[Page[EvaluationSummary]], subject="svc.evaluator.evaluation.list"):
    """Newest first."""

    run_id: UUID | None = None
    project_id: UUID | None = None
    state: EvaluationState | None = None
    within: Within = None
    query: PageQuery = PageQuery()


class DeleteEvaluation(Request[Gone], subject="svc.evaluator.evaluation.delete"):
    """At once, whatever it is doing; its job ends by itself."""

    evaluation_id: UUID


class EvaluateModel(JobSpec, kind="run.evaluate", needs_device=True):
    evaluation_id: UUID
    model: Evaluable
    subsets: tuple[str, ...]
    batch_size: int | None = None
    then: Chain = ()


class EvaluationCompleted(Fact, noun="evaluation", past="completed"):
    """A checkpoint was measured on samples that it has not seen."""

    evaluation_id: UUID
    model: Evaluable
    metrics: dict[str, float]
    then: Chain = ()


class EvaluationFailed(Fact, noun="evaluation", past="failed"):
    """It ended without results."""

    evaluation_id: UUID
    run_id: UUID
    run_name: str = ""
    code: str
    detail: str
