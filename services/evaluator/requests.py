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
from libs.common.contracts.results import ListSampleResults, SampleResult
from services.evaluator.service import Service

requests = RequestDoor()


@requests.answers
async def create_evaluation(request: CreateEvaluation, service: Service) -> Evaluation:
    return await service.create(request.model, request.subsets, request.batch_size, request.then)


@requests.answers
async def get_evaluation(request: GetEvaluation, service: Service) -> Evaluation:
    return await service.get(request.evaluation_id)


@requests.answers
async def list_evaluations(request: ListEvaluations, service: Service) -> Page[EvaluationSummary]:
    return await service.list_evaluations(request.run_id, request.query)


@requests.answers
async def delete_evaluation(request: DeleteEvaluation, service: Service) -> Gone:
    return await service.delete(request.evaluation_id)


@requests.answers
async def list_results(request: ListSampleResults, service: Service) -> Page[SampleResult]:
    return await service.list_results(request)
