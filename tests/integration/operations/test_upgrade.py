"""A stack of the first release, with rows in it, is brought to the present one by `modelyard upgrade`."""

from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from infra.operations.backup import verify
from infra.operations.schemas import SCHEMAS, schema
from infra.operations.upgrade import upgrade
from libs.common.db.schema import alembic_config, script_directory
from libs.common.ids import new_id
from tests.integration.migrations.test_exporter import BEFORE as A_MODEL
from tests.integration.operations.conftest import Place

FIRST = "0001"
ROWS = (
    "INSERT INTO datasets.projects (id, name, task, description, created_at, updated_at)"
    " VALUES (:id, 'Kept', 'classification', '', now(), now())",
    "INSERT INTO gateway.tokens (id, name, role, prefix, digest, created_at)"
    " VALUES (:id, 'admin', 'admin', 'my_admi', 'x', now())",
    "INSERT INTO trainer.experiments"
    " (id, project_id, name, task, config, data, num_runs, created_at, updated_at)"
    " VALUES (:id, :id, 'Kept', 'classification', '{}', '{}', 0, now(), now())",
    *A_MODEL,
)
COUNTS = "SELECT count(*) FROM {}"
TABLES = (
    "datasets.projects",
    "gateway.tokens",
    "trainer.experiments",
    "exporter.models",
    "exporter.versions",
)


async def test_the_first_release_becomes_the_present_one_in_one_step_and_again_nothing_changes(
    empty: Place, tmp_path: Path
) -> None:
    await _as_first_released(empty)

    done = await upgrade(empty.settings, tmp_path / "backup", 7, str)
    again = await upgrade(empty.settings, tmp_path / "backup", 7, str)

    heads = {name: script_directory(schema(name)).get_current_head() for name in SCHEMAS}
    assert done.before == dict.fromkeys(SCHEMAS, FIRST)
    assert done.after == again.before == again.after == heads
    assert [await empty.rows(COUNTS.format(table)) for table in TABLES] == [[(1,)]] * len(TABLES)
    assert await empty.rows("SELECT last_number FROM exporter.models") == [(3,)]
    await verify(tmp_path / "backup", done.backup.name)


async def _as_first_released(place: Place) -> None:
    async with place.database.engine.begin() as connection:
        for name in SCHEMAS:
            await connection.execute(CreateSchema(name))
            await connection.run_sync(_move, name)
        for statement in ROWS:
            await connection.execute(text(statement), {"id": new_id()})


def _move(connection: Connection, name: str) -> None:
    command.upgrade(alembic_config(connection, schema(name)), FIRST)
