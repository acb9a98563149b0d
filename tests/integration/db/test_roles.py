"""Every room has a role that owns its schema and uses the platform's, in a new house and in an old one."""

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from alembic import command
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from infra.local.home import ROOMS
from infra.local.postgres import binaries
from infra.local.roles import SCRIPT, role, run_script
from libs.common.contracts.projects import ProjectDeleted
from libs.common.db import PLATFORM, Database, Schema, migrate
from libs.common.db.outbox import Outbox
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from libs.common.settings import DatabaseSettings

PASSWORDS = {room: f"of-{room}" for room in ROOMS}
STRANGERS = "SELECT count(*) FROM pg_class WHERE relnamespace = $1::regnamespace AND relowner <> $2::regrole"


def schema_of(room: str) -> Schema:
    return import_module(f"services.{room}.app").SCHEMA


def address_of(settings: DatabaseSettings) -> str:
    return settings.url.get_secret_value()


@asynccontextmanager
async def opened_as(room: str, settings: DatabaseSettings) -> AsyncIterator[Database]:
    host = make_url(address_of(settings))
    url = f"postgresql:///{host.database}?host={host.query['host']}&user={role(room)}&password={PASSWORDS[room]}"
    database = await Database.connect(DatabaseSettings(url=SecretStr(url)), room)
    yield database
    await database.close()


async def migrate_as_its_role(room: str, settings: DatabaseSettings) -> None:
    async with opened_as(room, settings) as database:
        await migrate(database, schema_of(room))


async def owners(settings: DatabaseSettings) -> dict[str, int]:
    """Things in a schema that are not its owner's, where there are any."""
    connection = await asyncpg.connect(address_of(settings))
    wanted = {**{room: role(room) for room in ROOMS}, "platform": "modelyard_platform"}
    found = {name: await connection.fetchval(STRANGERS, name, owner) for name, owner in wanted.items()}
    await connection.close()
    return {name: count for name, count in found.items() if count}


@pytest_asyncio.fixture(scope="module")
async def furnished(database_settings: DatabaseSettings) -> DatabaseSettings:
    """A new house: roles in an empty database, then every room brings its schema up to date."""
    run_script(address_of(database_settings), PASSWORDS)
    for room in ROOMS:
        await migrate_as_its_role(room, database_settings)
    return database_settings


async def test_the_script_of_a_container_makes_the_same_roles_from_files(
    furnished: DatabaseSettings, tmp_path: Path
):
    for room, password in PASSWORDS.items():
        (tmp_path / f"postgres_{room}").write_text(password)
    (tmp_path / "owner_password").write_text("its own")
    url = make_url(address_of(furnished))
    environment = {
        **{"PGHOST": str(url.query["host"]), "PGUSER": str(url.username), "PGDATABASE": str(url.database)},
        **{"PATH": f"{binaries()}:{os.environ['PATH']}", "SECRETS": str(tmp_path)},
    }
    ran = subprocess.run(
        ["sh", SCRIPT.with_name("roles.sh")], env=environment, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert await owners(furnished) == {}


async def test_in_a_new_house_everything_belongs_to_its_rooms(furnished: DatabaseSettings):
    run_script(address_of(furnished), PASSWORDS)
    assert await owners(furnished) == {}


async def test_no_room_reads_the_tables_of_another(furnished: DatabaseSettings):
    for room in ROOMS:
        async with opened_as(room, furnished) as database, database.dedicated() as connection:
            await connection.fetch(f"SELECT * FROM {room}.alembic_version")
            for other in set(ROOMS) - {room}:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {other}.alembic_version")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE SCHEMA of_its_own",
        "CREATE TABLE platform.of_its_own (id int)",
        "CREATE TABLE public.of_its_own (id int)",
        "CREATE TEMP TABLE of_its_own (id int)",
        "DROP TABLE platform.outbox",
        "ALTER TABLE platform.job DISABLE TRIGGER ALL",
        "CREATE ROLE of_its_own",
        "SET ROLE modelyard_trainer",
        "COPY trainer.alembic_version TO '/tmp/stolen'",
    ],
)
async def test_a_room_may_do_nothing_beyond_its_own_schema(furnished: DatabaseSettings, statement: str):
    async with opened_as("notifier", furnished) as database, database.dedicated() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_a_room_announces_facts_in_the_shared_outbox(furnished: DatabaseSettings):
    async with opened_as("datasets", furnished) as database, database.transaction() as session:
        await Outbox(session).add(ProjectDeleted(project_id=new_id(), name="gone"))


async def test_another_password_is_the_only_one_from_then_on(furnished: DatabaseSettings):
    """How a password is rotated: written anew, and the script once more. `pg_authid` keeps what was set."""
    connection = await asyncpg.connect(address_of(furnished))
    kept = "SELECT rolpassword FROM pg_authid WHERE rolname = 'modelyard_notifier'"
    before = await connection.fetchval(kept)
    run_script(address_of(furnished), PASSWORDS | {"notifier": "another"})
    assert await connection.fetchval(kept) != before
    await connection.close()


@pytest_asyncio.fixture
async def old_house(postgres_server) -> AsyncIterator[DatabaseSettings]:
    """Made by the servers' owner alone, as houses were before there were roles."""
    name = f"old_{new_id().hex}"
    admin = await asyncpg.connect(postgres_server.get_uri())
    await admin.execute(f"CREATE DATABASE {name}")
    settings = DatabaseSettings(url=SecretStr(postgres_server.get_uri(database=name)))
    database = await Database.connect(settings, "old")
    async with database.engine.begin() as connection:
        for schema in (PLATFORM, *map(schema_of, ROOMS)):
            await connection.execute(text(f"CREATE SCHEMA {schema.name}"))
            await connection.run_sync(_begin, schema)
    await database.close()
    yield settings
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def _begin(connection: Connection, schema: Schema) -> None:
    command.upgrade(alembic_config(connection, schema), "0001")


async def test_an_old_house_is_handed_over_and_goes_on_with_its_migrations(old_house: DatabaseSettings):
    assert await owners(old_house) != {}

    run_script(address_of(old_house), PASSWORDS)

    assert await owners(old_house) == {}
    for room in ROOMS:
        await migrate_as_its_role(room, old_house)
    assert await owners(old_house) == {}
