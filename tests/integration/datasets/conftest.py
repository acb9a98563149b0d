"""The datasets room as a real process on real servers, with the scheduler beside it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.house import House, open_house
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.room import RoomProcess
from tests.scheduler import scheduler
from tests.stack import TestStack, running_stack


@pytest.fixture(scope="package")
def stores() -> Iterator[TestStack]:
    with running_stack(("postgres", "nats", "s3")) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def house(stores: TestStack) -> AsyncIterator[House]:
    async with open_house(stores) as opened, scheduler(opened.bus, opened.database):
        yield opened


@pytest_asyncio.fixture(scope="package")
async def room(house: House) -> AsyncIterator[RoomProcess]:
    process = RoomProcess(house)
    await process.start()
    yield process
    await process.stop()


@pytest.fixture(scope="package")
def desk(house: House, room: RoomProcess) -> Desk:
    return Desk(house)


@pytest.fixture(autouse=True)
def log_of_the_room(room: RoomProcess, request: pytest.FixtureRequest) -> Iterator[None]:
    """A failure comes with what the room said last."""
    failed_before = request.session.testsfailed
    yield
    if request.session.testsfailed > failed_before:
        print(room.last_words())
