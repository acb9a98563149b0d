"""Migrations of the exporter room: models of before count on from where they were."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.exporter.app import SCHEMA
from services.exporter.repository.models import ModelRepository

BEFORE = (
    "INSERT INTO exporter.models (name, project_id, task, latest_version, created_at)"
    " VALUES ('digits', :id, 'classification', 3, now())",
    "INSERT INTO exporter.versions"
    " (model, version, run_id, export_id, project_id, task, file, card, parity, created_at)"
    " VALUES ('digits', 3, :id, :id, :id, 'classification', '{}', '{}', '{}', now())",
)


async def test_models_of_before_count_on_and_their_versions_are_exports(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("exporter"))
        await connection.run_sync(_move, "0001")
        for statement in BEFORE:
            await connection.execute(text(statement), {"id": new_id()})

    async with database.engine.begin() as connection:
        await connection.run_sync(_move, "0002")
        await connection.run_sync(_move, "head")

    async with database.transaction() as session:
        repository = ModelRepository(session)
        model, version = await repository.get("digits"), await repository.version("digits", 3)
    assert model is not None
    assert version is not None
    assert (model.last_number, model.latest_version, model.note) == (3, 3, "")
    assert (version.origin, version.precision, version.note) == ("export", "fp32", "")


def _move(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection, SCHEMA), revision)
