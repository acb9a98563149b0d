"""Migrations of the gateway: tokens of before there were accounts go on as those of the first one."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from libs.common.contracts.access import Role
from libs.common.contracts.base import PageQuery
from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.gateway.app import SCHEMA
from services.gateway.people.digests import digest
from services.gateway.people.people import People
from services.gateway.repository.answers import Answers

BEFORE = """
    INSERT INTO gateway.tokens (id, name, role, prefix, digest, created_at)
        VALUES (:admin, 'admin', 'admin', 'my_admi', :given, now()), (:ci, 'CI', 'editor', 'my_ci', :made, now());
    INSERT INTO gateway.answers (id, token_id, key, digest, status, media_type, body, created_at)
        VALUES (:ci, :ci, 'once', 'x', 201, 'application/json', '{}', now());
"""


async def test_tokens_of_before_open_the_same_doors_as_those_of_the_first_account(database: Database) -> None:
    values = {
        "admin": new_id(),
        "ci": new_id(),
        "given": digest("my_admin", "k"),
        "made": digest("my_ci", "k"),
    }
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("gateway"))
        await connection.run_sync(_move, "0001")
        for statement in filter(str.strip, BEFORE.split(";\n")):
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)

    async with database.engine.begin() as connection:
        await connection.run_sync(_move, "head")

    async with database.transaction() as session:
        people = People(session, "k")
        owner = await people.accounts.ensure_first(None)
        await people.tokens.ensure_given("my_admin", owner)
    async with database.transaction() as session:
        people = People(session, "k")
        admin, editor = [await people.recognising.caller(values[name]) for name in ("given", "made")]
        kept = await Answers(session).claim(values["ci"], "once", b"x")
        listed = (await people.tokens.page(None, PageQuery())).items
    assert (admin.name, admin.user_id, admin.is_administrator) == ("admin", owner, True)
    assert (editor.user_id, editor.token_id, editor.role) == (owner, values["ci"], Role.EDITOR)
    assert editor.sees_all_projects
    assert {(each.id, each.owner) for each in listed} == {(values["admin"], "admin"), (values["ci"], "admin")}
    assert kept is not None and kept.status == 201


def _move(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection, SCHEMA), revision)
