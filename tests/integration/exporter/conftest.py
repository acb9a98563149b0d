"""Real PostgreSQL and S3 with the exporter's schema, and its service in transactions of their own."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import pytest_asyncio

from libs.common.db import migrate
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobQueue
from services.exporter.app import SCHEMA
from services.exporter.registry import Registry
from services.exporter.repository import Repository
from services.exporter.service import Service
from tests.house import House, open_house
from tests.stack import TestStack, running_stack

OpenService = Callable[[], AbstractAsyncContextManager[Service]]


@pytest.fixture(scope="package")
def stores() -> Iterator[TestStack]:
    with running_stack(("postgres", "nats", "s3")) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def house(stores: TestStack) -> AsyncIterator[House]:
    async with open_house(stores) as opened:
        await migrate(opened.database, SCHEMA)
        yield opened


@pytest.fixture(scope="package")
def open_service(house: House) -> OpenService:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with house.database.transaction() as session:
            repository, outbox = Repository(session), Outbox(session)
            registry = Registry(repository, outbox)
            yield Service(repository, registry, JobQueue(session), outbox, house.storage)

    return opened
