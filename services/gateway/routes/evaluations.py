"""Evaluations over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from libs.common.contracts.base import Page, View
from libs.common.contracts.evaluations import (
    CreateEvaluation,
    DeleteEvaluation,
    Evaluation,
    EvaluationSummary,
    GetEvaluation,
    ListEvaluations,
)
from libs.common.contracts.results import ListSampleResults, SampleResult
from libs.common.contracts.splits import Subset
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging
from services.gateway.subjects import evaluable

router = APIRouter(prefix="/v1", tags=["evaluations"], route_class=IdempotentRoute)


class NewEvaluation(View):
    checkpoint: str = "best"
    subsets: Annotated[tuple[Subset, ...], Field(min_length=1, max_length=20)] = ("test",)
    batch_size: Annotated[int, Field(ge=1, le=4096)] | None = None


@router.post("/runs/{run_id}/evaluations", status_code=202, dependencies=[EDIT])
async def create_evaluation(run_id: UUID, wanted: NewEvaluation, house: House) -> Evaluation:
    """Evaluates a checkpoint that exists, as a job."""
    model = await evaluable(house, run_id, wanted.checkpoint)
    return await house.ask(
        CreateEvaluation(model=model, subsets=wanted.subsets, batch_size=wanted.batch_size)
    )


@router.get("/evaluations", dependencies=[READ])
async def list_evaluations(house: House, paging: Paging, run: UUID | None = None) -> Page[EvaluationSummary]:
    return await house.ask(ListEvaluations(run_id=run, query=paging))


@router.get("/evaluations/{evaluation_id}", dependencies=[READ])
async def get_evaluation(evaluation_id: UUID, house: House) -> Evaluation:
    return await house.ask(GetEvaluation(evaluation_id=evaluation_id))


@router.get("/evaluations/{evaluation_id}/samples", dependencies=[READ])
async def list_results(
    evaluation_id: UUID,
    house: House,
    paging: Paging,
    correct: bool | None = None,
    subset: Annotated[str | None, Query(max_length=60)] = None,
    label: Annotated[str | None, Query(alias="class", max_length=300)] = None,
    sort: Literal["score", "-score", "name", "loss", "-loss"] = "score",
) -> Page[SampleResult]:
    return await house.ask(
        ListSampleResults(
            evaluation_id=evaluation_id, correct=correct, subset=subset, label=label, sort=sort, query=paging
        )
    )


@router.delete("/evaluations/{evaluation_id}", status_code=204, dependencies=[EDIT])
async def delete_evaluation(evaluation_id: UUID, house: House) -> None:
    await house.ask(DeleteEvaluation(evaluation_id=evaluation_id))
