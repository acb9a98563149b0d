"""A real database and object store with the tables of every room, and empty ones beside them."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text

from infra.operations.schemas import ROOMS, schema
from infra.operations.settings import Settings
from libs.common.db import Database, migrate
from libs.common.ids import new_id
from libs.common.settings import DatabaseSettings, StorageSettings
from libs.common.storage import Storage
from tests.stack import TestStack, running_stack


@dataclass(frozen=True)
class Place:
    """A database and a bucket of their own on the same servers."""

    settings: Settings
    database: Database
    storage: Storage

    async def rows(self, statement: str) -> list[tuple]:
        async with self.database.transaction() as session:
            return [tuple(row) for row in await session.execute(text(statement))]

    async def carry_out(self, statement: str) -> None:
        async with self.database.transaction() as session:
            await session.execute(text(statement))


@pytest.fixture(scope="package")
def servers() -> Iterator[TestStack]:
    with running_stack(("postgres", "s3")) as running:
        yield running


async def opened(servers: TestStack, name: str) -> Place:
    given = servers.environment("owner")
    address = given["MODELYARD_DATABASE__URL"]
    settings = Settings(
        database=DatabaseSettings(url=SecretStr(address.rpartition("/")[0] + f"/{name}")),
        storage=StorageSettings(
            endpoint=given["MODELYARD_STORAGE__ENDPOINT"],
            access_key=given["MODELYARD_STORAGE__ACCESS_KEY"],
            secret_key=SecretStr(given["MODELYARD_STORAGE__SECRET_KEY"]),
            bucket=name,
        ),
        token_key=SecretStr("the key of tokens"),
        channel_key=SecretStr("the key of channels"),
        admin_token=SecretStr("my_first"),
    )
    place = Place(settings, Database(settings.database), Storage(settings.storage))
    await place.storage.ensure_bucket()
    return place


@pytest_asyncio.fixture(scope="package")
async def full(servers: TestStack) -> AsyncIterator[Place]:
    """As rooms have left it."""
    place = await opened(servers, "modelyard")
    await migrate(place.database, *map(schema, ROOMS))
    yield place
    await place.database.close()


@pytest_asyncio.fixture
async def empty(servers: TestStack, full: Place) -> AsyncIterator[Place]:
    name = f"empty{new_id().hex}"
    async with full.database.dedicated() as connection:
        await connection.execute(f"CREATE DATABASE {name}")
    place = await opened(servers, name)
    yield place
    await place.database.close()
