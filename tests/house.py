"""A test's own way into a running stack: its bus, its database, its object store, its facts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_json
from sqlalchemy import text

from libs.common.bus import Bus
from libs.common.contracts.base import Fact
from libs.common.db import Database, migrate
from libs.common.db.outbox import Outbox
from libs.common.settings import BusSettings, DatabaseSettings, StorageSettings
from libs.common.storage import Storage
from tests.stack import TestStack


@dataclass(frozen=True)
class House:
    stack: TestStack
    bus: Bus
    database: Database
    storage: Storage

    async def announce(self, fact: Fact) -> None:
        """As a room would: the fact reaches the bus through the outbox."""
        async with self.database.transaction() as session:
            await Outbox(session).add(fact)

    async def facts(self, kind: type[Fact], **fields: object) -> list[Any]:
        """All of this type with these values that any room has announced, oldest first."""
        statement = text(
            "SELECT payload FROM platform.outbox"
            " WHERE type = :type AND payload @> CAST(:fields AS jsonb) ORDER BY id"
        )
        wanted = {"type": kind.type_name(), "fields": to_json(fields).decode()}
        async with self.database.transaction() as session:
            found = await session.scalars(statement, wanted)
            facts = [kind.model_validate(payload) for payload in found]
        # The database finds what holds at least these values.
        return [each for each in facts if all(getattr(each, name) == fields[name] for name in fields)]

    async def wait_for(self, kind: type[Fact], timeout_seconds: float = 60, **fields: object) -> Any:
        """The first fact of this type with these values."""
        async with asyncio.timeout(timeout_seconds):
            while True:
                if found := await self.facts(kind, **fields):
                    return found[0]
                await asyncio.sleep(0.1)


@asynccontextmanager
async def open_house(stack: TestStack) -> AsyncIterator[House]:
    variables = stack.environment("owner")
    bus_settings = BusSettings(
        url=variables["MODELYARD_BUS__URL"],
        user=variables["MODELYARD_BUS__USER"],
        password=SecretStr(variables["MODELYARD_BUS__PASSWORD"]),
    )
    storage_settings = StorageSettings(
        endpoint=variables["MODELYARD_STORAGE__ENDPOINT"],
        access_key=variables["MODELYARD_STORAGE__ACCESS_KEY"],
        secret_key=SecretStr(variables["MODELYARD_STORAGE__SECRET_KEY"]),
        bucket=variables["MODELYARD_STORAGE__BUCKET"],
    )
    database_settings = DatabaseSettings(url=SecretStr(variables["MODELYARD_DATABASE__URL"]))
    bus = await Bus.connect(bus_settings, name="tests")
    database = await Database.connect(database_settings, "tests")
    storage = Storage(storage_settings)
    await migrate(database)
    await storage.ensure_bucket()
    try:
        yield House(stack, bus, database, storage)
    finally:
        storage.close()
        await database.close()
        await bus.close()
