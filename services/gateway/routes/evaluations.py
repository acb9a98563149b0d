"""Evaluations over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from libs.common.contracts.base import Page, PageQuery, View
from libs.common.contracts.evaluations import (
    BatchSize,
    CreateEvaluation,
    DeleteEvaluation,
    EvaluateModel,
    Evaluation,
    EvaluationState,
    EvaluationSummary,
    GetEvaluation,
    ListEvaluations,
)
from libs.common.contracts.queue import RequireDevice
from libs.common.contracts.results import (
    Agreement,
    CompareEvaluations,
    EvaluationComparison,
    Label,
    ListSampleResults,
    PartOfName,
    ResultSort,
    SampleResult,
)
from libs.common.contracts.runs import DeviceWish
from libs.common.contracts.splits import Subset
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging
from services.gateway.subjects import evaluable

router = APIRouter(prefix="/v1", tags=["evaluations"], route_class=IdempotentRoute)
# The first comparison of two evaluations of a million samples reads both.
COMPARING_SECONDS = 30
InTruth = Annotated[Label | None, Query(alias="class", description="in the truth")]
InAnswer = Annotated[Label | None, Query(description="in the answer")]
InName = Annotated[PartOfName | None, Query(description="part of a name")]


class NewEvaluation(View):
    checkpoint: Annotated[str, StringConstraints(max_length=60)] = "best"
    subsets: Annotated[tuple[Subset, ...], Field(min_length=1, max_length=20)] = ("test",)
    batch_size: BatchSize | None = None
    device: DeviceWish | None = None


class PairsWanted(View):
    """A page of the samples that both have, sorted by what the right one says of them."""

    left: UUID
    right: UUID
    agreement: Agreement | None = None
    subset: Subset | None = None
    label: Label | None = None
    sort: ResultSort = "score"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, StringConstraints(max_length=512)] | None = None


@router.post("/runs/{run_id}/evaluations", status_code=202, dependencies=[EDIT])
async def create_evaluation(run_id: UUID, wanted: NewEvaluation, house: House) -> Evaluation:
    """Evaluates a checkpoint that exists, as a job."""
    if wanted.device is not None:
        await house.ask(RequireDevice(device=wanted.device, kind=EvaluateModel.kind))
    model = await evaluable(house, run_id, wanted.checkpoint)
    return await house.ask(
        CreateEvaluation(
            model=model, subsets=wanted.subsets, batch_size=wanted.batch_size, device=wanted.device
        )
    )


@router.get("/evaluations", dependencies=[READ])
async def list_evaluations(
    house: House,
    paging: Paging,
    run: UUID | None = None,
    project: UUID | None = None,
    state: EvaluationState | None = None,
) -> Page[EvaluationSummary]:
    return await house.ask(ListEvaluations(run_id=run, project_id=project, state=state, query=paging))


@router.post("/evaluations/compare", dependencies=[READ])
async def compare_evaluations(wanted: PairsWanted, house: House) -> EvaluationComparison:
    """Of two completed evaluations of one task: how often which was right, and samples with both answers."""
    return await house.ask(
        CompareEvaluations(
            left=wanted.left,
            right=wanted.right,
            agreement=wanted.agreement,
            subset=wanted.subset,
            label=wanted.label,
            sort=wanted.sort,
            query=PageQuery(limit=wanted.limit, cursor=wanted.cursor),
        ),
        timeout_seconds=COMPARING_SECONDS,
    )


@router.get("/evaluations/{evaluation_id}", dependencies=[READ])
async def get_evaluation(evaluation_id: UUID, house: House) -> Evaluation:
    return await house.ask(GetEvaluation(evaluation_id=evaluation_id))


@router.get("/evaluations/{evaluation_id}/samples", dependencies=[READ])
async def list_results(
    evaluation_id: UUID,
    house: House,
    paging: Paging,
    correct: bool | None = None,
    subset: Subset | None = None,
    label: InTruth = None,
    predicted: InAnswer = None,
    q: InName = None,
    sort: ResultSort = "score",
) -> Page[SampleResult]:
    """`class` and `predicted` together are a cell of the confusion matrix."""
    return await house.ask(
        ListSampleResults(
            evaluation_id=evaluation_id,
            correct=correct,
            subset=subset,
            label=label,
            predicted=predicted,
            q=q,
            sort=sort,
            query=paging,
        )
    )


@router.delete("/evaluations/{evaluation_id}", status_code=204, dependencies=[EDIT])
async def delete_evaluation(evaluation_id: UUID, house: House) -> None:
    """At once, even while it runs."""
    await house.ask(DeleteEvaluation(evaluation_id=evaluation_id))
