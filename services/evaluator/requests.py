"""The request door of the evaluator."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.evaluations import (
    CreateEvaluation,
    DeleteEvaluation,
    Evaluation,
    EvaluationSummary,
    GetEvaluation,
    ListEvaluations,
)
from libs.common.contracts.owners import OwnersInEvaluator, Projects
from libs.common.contracts.results import (
    CompareEvaluations,
    EvaluationComparison,
    ListSampleResults,
    SampleResult,
)
from services.evaluator.service import Service

requests = RequestDoor()


@requests.answers
async def list_owners(request: OwnersInEvaluator, service: Service) -> Projects:
    return await service.evaluations.owners(request)


@requests.answers
async def create_evaluation(request: CreateEvaluation, service: Service) -> Evaluation:
    return await service.evaluations.create(request)


@requests.answers
async def get_evaluation(request: GetEvaluation, service: Service) -> Evaluation:
    return await service.evaluations.get(request.evaluation_id)


@requests.answers
async def list_evaluations(request: ListEvaluations, service: Service) -> Page[EvaluationSummary]:
    return await service.evaluations.page(request)


@requests.answers
async def delete_evaluation(request: DeleteEvaluation, service: Service) -> Gone:
    return await service.evaluations.delete(request.evaluation_id)


@requests.answers
async def list_results(request: ListSampleResults, service: Service) -> Page[SampleResult]:
    return await service.results.page(request)


@requests.answers
async def compare_evaluations(request: CompareEvaluations, service: Service) -> EvaluationComparison:
    return await service.comparisons.compare(request)
