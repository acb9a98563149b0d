"""The rules of evaluations on a real database."""

import pytest
from alembic import command
from sqlalchemy import text

from libs.common.contracts.base import PageQuery, Step
from libs.common.contracts.evaluations import (
    CreateEvaluation,
    EvaluateModel,
    EvaluationCompleted,
    EvaluationFailed,
    EvaluationState,
    ListEvaluations,
)
from libs.common.contracts.owners import OwnersInEvaluator
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import ListSampleResults
from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.errors import BadInput
from services.evaluator.app import SCHEMA
from services.evaluator.errors import EvaluationNotFound, SubsetIsEmpty
from tests.factories import data_reference, evaluable, sample_result
from tests.integration.evaluator.conftest import OpenService

REPORT = EvaluationReport(num_samples=2, metrics={"f1_weighted": 0.5, "accuracy": 0.5})


async def _facts(database: Database, kind: type, evaluation_id: object) -> list[dict]:
    async with database.transaction() as session:
        found = await session.scalars(
            text("SELECT payload FROM platform.outbox WHERE type = :type AND aggregate_id = :id"),
            {"type": kind.type_name(), "id": str(evaluation_id)},
        )
        return list(found)


async def _job(database: Database, job_id: object) -> dict:
    async with database.transaction() as session:
        found = await session.execute(text("SELECT * FROM platform.job WHERE id = :id"), {"id": job_id})
        return dict(found.mappings().one())


async def _created(open_service: OpenService, **changes: object) -> EvaluateModel:
    model = evaluable(**changes)
    async with open_service() as service:
        made = await service.evaluations.create(
            CreateEvaluation(model=model, then=(Step.EXPORT, Step.DEPLOY))
        )
    return EvaluateModel(
        evaluation_id=made.id, model=model, subsets=("test",), then=(Step.EXPORT, Step.DEPLOY)
    )


async def test_the_migration_makes_what_the_models_say(database: Database, open_service: OpenService) -> None:
    async with database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync, SCHEMA)))


async def test_an_evaluation_is_told_to_be_its_project_s_and_of_no_other(open_service: OpenService) -> None:
    spec = await _created(open_service)
    asked = OwnersInEvaluator(kind="evaluation", keys=(str(spec.evaluation_id),))

    async with open_service() as service:
        assert await service.evaluations.owners(asked) == (spec.model.project_id,)
        assert (await service.evaluations.page(ListEvaluations(within=()))).items == ()
        with pytest.raises(EvaluationNotFound, match=f"evaluation {spec.evaluation_id} does not exist"):
            await service.evaluations.owners(asked.model_copy(update={"within": ()}))


async def test_a_new_evaluation_waits_in_the_queue_with_all_its_job_needs(
    database: Database, open_service: OpenService
) -> None:
    spec = await _created(open_service)

    async with open_service() as service:
        made = await service.evaluations.get(spec.evaluation_id)
    assert made.state is EvaluationState.QUEUED
    job = await _job(database, made.job_id)
    assert EvaluateModel.model_validate(job["spec"]) == spec
    assert job["needs_device"] and job["project_id"] == spec.model.project_id


async def test_a_subset_without_samples_is_refused_with_the_ones_that_have_some(
    open_service: OpenService,
) -> None:
    async with open_service() as service:
        with pytest.raises(SubsetIsEmpty, match="train, val, test") as refused:
            await service.evaluations.create(CreateEvaluation(model=evaluable(), subsets=("test", "holdout")))

    assert [problem.message for problem in refused.value.errors] == ["holdout has no samples"]


async def test_a_chain_without_a_test_subset_is_judged_on_val(open_service: OpenService) -> None:
    model = evaluable(data_reference(subset_counts={"train": 8, "val": 2, "test": 0}))

    async with open_service() as service:
        made = await service.evaluations.create_next(model, ())

    assert made.subsets == ("val",)


async def test_completion_stores_report_and_rows_and_announces_what_is_left_to_do(
    database: Database, open_service: OpenService
) -> None:
    spec = await _created(open_service)
    async with open_service() as service:
        await service.evaluations.start(spec)
        await service.results.store(spec.evaluation_id, [sample_result("a"), sample_result("b", loss=None)])
        await service.evaluations.complete(spec, REPORT)

    async with open_service() as service:
        done = await service.evaluations.get(spec.evaluation_id)
        page = await service.results.page(ListSampleResults(evaluation_id=done.id, sort="name"))
    assert (done.state, done.report) == (EvaluationState.COMPLETED, REPORT)
    assert list(done.metrics) == ["f1_weighted", "accuracy"], "as the task told them"
    assert [(row.name, row.loss) for row in page.items] == [("a", 0.7), ("b", None)]
    [fact] = await _facts(database, EvaluationCompleted, done.id)
    assert EvaluationCompleted.model_validate(fact).then == (Step.EXPORT, Step.DEPLOY)


async def test_a_failure_says_why_and_tells_the_others(database: Database, open_service: OpenService) -> None:
    spec = await _created(open_service)
    async with open_service() as service:
        await service.evaluations.fail(spec, "package_missing", "the checkpoint was deleted")

    async with open_service() as service:
        failed = await service.evaluations.get(spec.evaluation_id)
    assert (failed.state, failed.error_code) == (EvaluationState.FAILED, "package_missing")
    [fact] = await _facts(database, EvaluationFailed, failed.id)
    assert (fact["run_name"], fact["detail"]) == ("First run", "the checkpoint was deleted")


async def test_a_deleted_evaluation_takes_its_job_along_and_cannot_be_completed(
    database: Database, open_service: OpenService
) -> None:
    spec = await _created(open_service)
    async with open_service() as service:
        job_id = (await service.evaluations.get(spec.evaluation_id)).job_id
        await service.evaluations.delete(spec.evaluation_id)

    assert (await _job(database, job_id))["state"] == "cancelled"
    for ending in ("start", "complete"):
        with pytest.raises(EvaluationNotFound):
            async with open_service() as service:
                arguments = (REPORT,) if ending == "complete" else ()
                await getattr(service.evaluations, ending)(spec, *arguments)
    async with open_service() as service:
        await service.evaluations.cancel(spec)
    assert await _facts(database, EvaluationFailed, spec.evaluation_id) == []


async def test_a_deleted_project_takes_its_evaluations_along_and_no_others(
    database: Database, open_service: OpenService
) -> None:
    gone, kept = await _created(open_service), await _created(open_service)
    async with open_service() as service:
        await service.evaluations.forget_project(gone.model.project_id)

    async with open_service() as service:
        assert await service.evaluations.get(kept.evaluation_id)
        with pytest.raises(EvaluationNotFound):
            await service.evaluations.get(gone.evaluation_id)


async def test_evaluations_of_a_run_come_newest_first_page_by_page(open_service: OpenService) -> None:
    model = evaluable()
    async with open_service() as service:
        made = [(await service.evaluations.create(CreateEvaluation(model=model))).id for _ in range(3)]

    async with open_service() as service:
        first = await service.evaluations.page(ListEvaluations(run_id=model.run_id, query=PageQuery(limit=2)))
        second = await service.evaluations.page(
            ListEvaluations(run_id=model.run_id, query=PageQuery(limit=2, cursor=first.next_cursor))
        )
        with pytest.raises(BadInput):
            await service.evaluations.page(ListEvaluations(query=PageQuery(cursor="yesterday")))
    assert [each.id for each in (*first.items, *second.items)] == made[::-1]
    assert second.next_cursor is None
