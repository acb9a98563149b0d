"""Real PostgreSQL and S3 with the exporter's schema, and its service in transactions of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from libs.common.db import migrate
from libs.common.jobs import Worker
from libs.common.room import Resources
from libs.common.trash import empty
from services.exporter.app import SCHEMA
from services.exporter.app import open_service as service_of
from services.exporter.jobs import jobs
from services.exporter.models import TrashRow
from services.exporter.service import Service
from services.exporter.settings import Settings
from tests.house import House, open_house
from tests.scheduler import scheduler
from tests.stack import TestStack, running_stack

EmptyTrash = Callable[[], Awaitable[None]]
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
    resources = Resources("exporter", Settings(), house.bus, house.database, house.storage)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with house.database.transaction() as session:
            yield service_of(resources, session)

    return opened


@pytest.fixture(scope="package")
def empty_trash(house: House) -> EmptyTrash:
    """As the room does by itself every few seconds."""
    return partial(
        empty, Resources("exporter", Settings(), house.bus, house.database, house.storage), TrashRow
    )


@pytest_asyncio.fixture
async def worker(house: House, tmp_path: Path) -> AsyncIterator[None]:
    """The room's own work door, in this process."""
    settings = Settings(scratch=tmp_path, import_memory_bytes=4 * 2**30, import_cpu_seconds=4)
    running = Worker(
        house.bus,
        Resources("exporter", settings, house.bus, house.database, house.storage),
        jobs,
        node="local",
        device="cpu",
        service=service_of,
        scratch=tmp_path / "jobs",
    )
    async with scheduler(house.bus, house.database):
        task = asyncio.create_task(running.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
