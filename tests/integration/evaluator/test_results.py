"""Results sample by sample: filtered, sorted and paged without a gap or a repetition."""

from typing import get_args

import pytest
import pytest_asyncio

from libs.common.contracts.base import PageQuery
from libs.common.contracts.evaluations import CreateEvaluation, EvaluateModel
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import ListSampleResults, ResultSort, SampleResult
from libs.common.errors import BadInput
from tests.factories import evaluable, sample_result
from tests.integration.evaluator.conftest import OpenService

# Scores and names repeat, so that a page may end in the middle of equals.
RESULTS = [
    sample_result(
        name=f"{number // 2:02}.png",
        truth="cat" if number % 3 else "dog",
        guess="cat",
        subset="test" if number % 4 else "val",
        score=(number % 5) / 10,
        loss=None if number == 7 else float(number % 6),
        confidence=None if number == 3 else (number % 7) / 10,
    )
    for number in range(25)
]


@pytest_asyncio.fixture(scope="module")
async def evaluation(open_service: OpenService) -> EvaluateModel:
    model = evaluable()
    async with open_service() as service:
        made = await service.evaluations.create(CreateEvaluation(model=model, subsets=("test", "val")))
        spec = EvaluateModel(evaluation_id=made.id, model=model, subsets=("test", "val"))
        await service.results.store(made.id, RESULTS)
        await service.evaluations.complete(spec, EvaluationReport(num_samples=25, metrics={}))
        other = await service.evaluations.create(CreateEvaluation(model=model))
        spec_of_other = EvaluateModel(evaluation_id=other.id, model=model, subsets=("test",))
        await service.results.store(other.id, RESULTS)
        await service.evaluations.complete(spec_of_other, EvaluationReport(num_samples=25, metrics={}))
    return spec


async def _all(open_service: OpenService, wanted: ListSampleResults, limit: int = 4) -> list[SampleResult]:
    found: list[SampleResult] = []
    query = PageQuery(limit=limit)
    while True:
        async with open_service() as service:
            page = await service.results.page(wanted.model_copy(update={"query": query}))
        found.extend(page.items)
        if page.next_cursor is None:
            return found
        query = PageQuery(limit=limit, cursor=page.next_cursor)


def _key(sort: str):
    def key(result: SampleResult) -> object:
        value = getattr(result, sort.removeprefix("-"))
        return float("-inf") if value is None else value

    return key


@pytest.mark.parametrize("sort", get_args(ResultSort))
async def test_every_sort_shows_every_sample_once_and_in_order(
    open_service: OpenService, evaluation: EvaluateModel, sort: str
) -> None:
    found = await _all(open_service, ListSampleResults(evaluation_id=evaluation.evaluation_id, sort=sort))

    assert {row.sample_id for row in found} == {row.sample_id for row in RESULTS}
    assert len(found) == len(RESULTS)
    keys = [_key(sort)(row) for row in found]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"correct": False}, lambda row: row.correct is False),
        ({"subset": "val"}, lambda row: row.subset == "val"),
        ({"label": "dog"}, lambda row: row.truth[0].label == "dog"),
        (
            {"correct": True, "subset": "test", "label": "cat"},
            lambda row: row.correct and row.subset == "test",
        ),
        ({"label": "bird"}, lambda row: False),
        ({"subset": "train"}, lambda row: False),
        ({"label": "dog", "predicted": "cat"}, lambda row: row.truth[0].label == "dog"),
        ({"predicted": "dog"}, lambda row: False),
        ({"q": "1"}, lambda row: "1" in row.name),
        ({"q": "g0"}, lambda row: False),
        ({"q": "0.png", "correct": False}, lambda row: "0.png" in row.name and not row.correct),
    ],
)
async def test_filters_keep_what_they_name(
    open_service: OpenService, evaluation: EvaluateModel, filters: dict, expected
) -> None:
    wanted = ListSampleResults(evaluation_id=evaluation.evaluation_id, sort="-loss", **filters)

    found = await _all(open_service, wanted)

    assert {row.sample_id for row in found} == {row.sample_id for row in RESULTS if expected(row)}


async def test_a_cursor_of_somebody_else_is_refused(
    open_service: OpenService, evaluation: EvaluateModel
) -> None:
    wanted = ListSampleResults(
        evaluation_id=evaluation.evaluation_id, query=PageQuery(cursor="'; DROP TABLE results")
    )
    with pytest.raises(BadInput):
        async with open_service() as service:
            await service.results.page(wanted)
