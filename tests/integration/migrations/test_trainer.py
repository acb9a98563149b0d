"""Migrations of the trainer room: what was made before lists knew more is listed as well."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from libs.common.contracts.experiments import ExperimentFilter
from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.trainer.app import SCHEMA
from services.trainer.repository.experiments import Experiments

BEFORE = """
    INSERT INTO trainer.experiments (id, project_id, name, task, config, data, num_runs, created_at, updated_at)
        VALUES (:tried, :project, 'tried', 'classification', '{}', '{"dataset_name"\\: "digits"}', 2, now(), now()),
            (:fresh, :project, 'fresh', 'classification', '{}', '{"dataset_name"\\: "shapes"}', 0, now(), now());
    INSERT INTO trainer.runs (id, experiment_id, project_id, name, task, state, reason, attempt, "then", config, data,
        deployment, priority, wanted_device, job_id, is_stopped, num_epochs, num_steps, created_at)
        SELECT id, :tried, :project, 'r', 'classification', state, '', 1, '{}', '{}', '{}', 'd', 0, 'auto', id, false,
            1, 1, now()
        FROM (VALUES (CAST(:one AS uuid), 'completed'), (CAST(:two AS uuid), 'failed')) AS given (id, state);
    INSERT INTO trainer.series (run_id, key, last_step, last_value, min_step, min_value, max_step, max_value)
        VALUES (:one, 'val/accuracy', 2, 0.5, 1, 0.5, 2, 0.75), (:two, 'val/accuracy', 2, 0.5, 1, 0.5, 1, 0.5),
            (:two, 'val/loss', 2, 9, 1, 9, 1, 9);
"""


async def test_experiments_of_before_know_their_data_their_last_run_and_their_best(
    database: Database,
) -> None:
    ids = {name: new_id() for name in ("project", "tried", "fresh")}
    # Ids of one millisecond are in no order.
    ids["one"], ids["two"] = sorted(new_id() for _ in range(2))
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("trainer"))
        await connection.run_sync(_upgrade, "0001")
        for statement in filter(str.strip, BEFORE.split(";\n")):
            used = {name: value for name, value in ids.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)

    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade, "head")

    async with database.transaction() as session:
        wanted = ExperimentFilter(project_id=ids["project"])
        (tried, _), (fresh, _) = await Experiments(session).page(wanted, None, "best", None, 5)
    assert (tried.name, tried.dataset_names, tried.note) == ("tried", ("digits",), "")
    assert (tried.last_run_id, tried.last_run_state) == (ids["two"], "failed")
    assert tried.best is not None
    assert (tried.best.key, tried.best.value, tried.best.run_id) == ("val/accuracy", 0.75, ids["one"])
    assert (fresh.name, fresh.dataset_names) == ("fresh", ("shapes",))
    assert (fresh.last_run_id, fresh.best) == (None, None)


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection, SCHEMA), revision)
