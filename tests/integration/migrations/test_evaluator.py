"""Migrations of the evaluator room: results of before there were columns stay and are found."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from libs.common.contracts.base import now
from libs.common.contracts.evaluations import EvaluationState
from libs.common.contracts.results import ListSampleResults
from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.evaluator.app import SCHEMA, open_service
from services.evaluator.models import EvaluationRow
from tests.factories import evaluable

EVALUATION = """
    INSERT INTO evaluator.evaluations (id, run_id, project_id, job_id, model, subsets, state, report, created_at)
        VALUES (:evaluation, :evaluation, :evaluation, :evaluation, CAST(:model AS jsonb), '{test}', 'completed',
            '{"num_samples": 2, "metrics": {"accuracy": 0.5}}', :now)
"""
RESULTS = """
    INSERT INTO evaluator.results (evaluation_id, position, sample_id, name, subset, correct, score, loss, labels,
        truth, prediction)
        SELECT :evaluation, position, :evaluation, name, 'test', position = 0, 0.5, loss, '{cat}',
            '[{"type": "label", "label": "cat"}]',
            '{"type": "class", "label": "cat", "score": 0.5, "scores": []}'
        FROM (VALUES (0, 'a', 0.7), (1, 'b', '-infinity')) AS given (position, name, loss)
"""


async def test_results_of_the_first_release_are_found_as_before(database: Database) -> None:
    evaluation = new_id()
    about = {"evaluation": evaluation, "model": evaluable().model_dump_json(), "now": now()}
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("evaluator"))
        await connection.run_sync(_upgrade, "0001")
        for statement in (EVALUATION, RESULTS):
            used = {name: value for name, value in about.items() if f":{name}" in statement}
            await connection.execute(text(statement.replace('": ', '"\\: ')), used)

    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade, "head")

    async with database.transaction() as session:
        row = await session.get(EvaluationRow, evaluation)
        wanted = ListSampleResults(evaluation_id=evaluation, label="cat", sort="-loss")
        page = await open_service(None, session).results.page(wanted)
    assert row is not None
    assert (row.state, row.summary().metrics) == (EvaluationState.COMPLETED, {"accuracy": 0.5})
    assert [(each.name, each.loss, each.confidence) for each in page.items] == [
        ("a", 0.7, None),
        ("b", None, None),
    ]


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection, SCHEMA), revision)
