"""Two evaluations beside each other on a real database, and what goes after a reset."""

from uuid import UUID

import pytest
from sqlalchemy import text

from libs.common.contracts.base import PageQuery
from libs.common.contracts.evaluations import CreateEvaluation, EvaluateModel
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import Agreement, CompareEvaluations, ListSampleResults, SampleResult
from libs.common.db import Database
from libs.common.errors import BadInput
from services.evaluator import sweeping
from services.evaluator.app import SHELF
from services.evaluator.errors import (
    EvaluationIsNotCompleted,
    EvaluationIsTheSame,
    EvaluationNotFound,
    TasksDiffer,
)
from services.evaluator.repository import ResultRepository
from tests.factories import evaluable, sample_result
from tests.integration.evaluator.conftest import OpenService

LEFT = [sample_result(f"{number}.png", guess="cat" if number % 2 else "dog") for number in range(12)]
RIGHT = [sample_result("new.png")]
RIGHT += [
    sample_result(
        each.name,
        guess="cat" if number % 3 else "dog",
        sample_id=each.sample_id,
        score=number / 10,
        subset="val" if number > 8 else "test",
    )
    for number, each in reversed(list(enumerate(LEFT)))
]


async def _evaluated(open_service: OpenService, results: list[SampleResult], **about: object) -> UUID:
    model = evaluable(**about)
    async with open_service() as service:
        made = await service.evaluations.create(CreateEvaluation(model=model))
        spec = EvaluateModel(evaluation_id=made.id, model=model, subsets=("test",))
        await service.results.store(made.id, results)
        await service.evaluations.complete(spec, EvaluationReport(num_samples=len(results), metrics={}))
    return made.id


async def test_samples_are_matched_counted_and_shown_in_pages(open_service: OpenService) -> None:
    left, right = await _evaluated(open_service, LEFT), await _evaluated(open_service, RIGHT)
    wanted = CompareEvaluations(
        left=left, right=right, agreement=Agreement.ONLY_LEFT, query=PageQuery(limit=1)
    )
    async with open_service() as service:
        first = await service.comparisons.compare(wanted)
        query = PageQuery(limit=1, cursor=first.pairs.next_cursor)
        second = await service.comparisons.compare(wanted.model_copy(update={"query": query}))
        last = await service.comparisons.compare(
            CompareEvaluations(left=left, right=right, subset="val", sort="-score")
        )

    assert (first.num_shared, first.num_only_in_left, first.num_only_in_right) == (12, 0, 1)
    assert first.counts == {
        Agreement.BOTH_RIGHT: 4,
        Agreement.ONLY_LEFT: 2,
        Agreement.ONLY_RIGHT: 4,
        Agreement.BOTH_WRONG: 2,
    }
    [one], [other] = first.pairs.items, second.pairs.items
    assert (one.name, other.name, second.pairs.next_cursor) == ("3.png", "9.png", None)
    assert (one.left.correct, one.right.correct, one.right.score) == (True, False, 0.3)
    assert [each.name for each in last.pairs.items] == ["11.png", "10.png", "9.png"]


async def test_what_cannot_be_compared_is_refused_by_name(open_service: OpenService) -> None:
    left = await _evaluated(open_service, LEFT)
    other_task = await _evaluated(open_service, RIGHT, task="ranking")
    async with open_service() as service:
        waiting = (await service.evaluations.create(CreateEvaluation(model=evaluable()))).id
        for right, error in (
            (left, EvaluationIsTheSame),
            (other_task, TasksDiffer),
            (waiting, EvaluationIsNotCompleted),
            (evaluable().run_id, EvaluationNotFound),
        ):
            with pytest.raises(error):
                await service.comparisons.compare(CompareEvaluations(left=left, right=right))
        with pytest.raises(BadInput):
            query = PageQuery(cursor="99")
            right = await _evaluated(open_service, RIGHT)
            await service.comparisons.compare(CompareEvaluations(left=left, right=right, query=query))


async def test_results_of_before_there_were_columns_are_found_as_well(
    database: Database, open_service: OpenService
) -> None:
    evaluation_id = await _evaluated(open_service, LEFT)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM evaluator.columns"))
    SHELF.clear()

    wanted = ListSampleResults(evaluation_id=evaluation_id, correct=False, sort="-name")
    async with open_service() as service:
        page = await service.results.page(wanted)

    assert [each.name for each in page.items] == ["8.png", "6.png", "4.png", "2.png", "10.png", "0.png"]


async def test_a_reset_is_done_before_its_results_are_swept_away(
    database: Database, open_service: OpenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = await _evaluated(open_service, LEFT), await _evaluated(open_service, RIGHT)
    async with open_service() as service:
        await service.evaluations.delete(gone)
    async with open_service() as service:
        with pytest.raises(EvaluationNotFound):
            await service.results.page(ListSampleResults(evaluation_id=gone))
    assert await _rows(database, gone) == len(LEFT)

    monkeypatch.setattr(sweeping, "ROWS_AT_ONCE", 5)
    await sweeping.sweep_database(database)

    assert (await _rows(database, gone), await _rows(database, kept)) == (0, len(RIGHT))
    async with database.transaction() as session:
        assert await ResultRepository(session).leftovers() == []


async def _rows(database: Database, evaluation_id: UUID) -> int:
    async with database.transaction() as session:
        statement = text("SELECT count(*) FROM evaluator.results WHERE evaluation_id = :id")
        return await session.scalar(statement, {"id": evaluation_id}) or 0
