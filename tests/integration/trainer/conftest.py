"""The trainer and one worker as real processes on real servers, with leases short enough to wait for."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from libs.common.contracts.base import Step
from libs.common.contracts.jobs import CancelJob
from libs.common.contracts.queue import ListQueue
from libs.common.contracts.runs import RunState
from tests.house import House, open_house
from tests.integration.trainer.desk import Desk, Whole
from tests.integration.trainer.hand import Hand
from tests.stack import TestStack, running_stack
from tests.toy import Toy

# Two attempts: what is said to cost none must not need a third.
SETTINGS = {
    "MODELYARD_LEASE_SECONDS": "5",
    "MODELYARD_MAX_ATTEMPTS": "2",
    "MODELYARD_SWEEP_GRACE_SECONDS": "2",
    "MODELYARD_NODES__READING_SECONDS": "0.5",
    "MODELYARD_NODES__AWAY_SECONDS": "4",
}


@pytest.fixture(scope="package")
def rooms() -> Iterator[TestStack]:
    with running_stack(("postgres", "nats", "s3", "trainer", "worker"), {"trainer": SETTINGS}) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def house(rooms: TestStack) -> AsyncIterator[House]:
    async with open_house(rooms) as opened:
        yield opened


@pytest_asyncio.fixture(scope="package")
async def desk(house: House, toy: Toy) -> Desk:
    published = await toy.publish(house)
    return Desk(house, toy.task, published.data)


@pytest_asyncio.fixture(scope="package")
async def whole(desk: Desk) -> Whole:
    run = await desk.begin(await desk.experiment("Discs"), then=(Step.EVALUATE,))
    await desk.until(run, RunState.COMPLETED)
    series = await desk.series(run)
    return Whole(await desk.look(run), series, await desk.log_texts(run))


@pytest_asyncio.fixture(scope="module")
async def no_worker(house: House) -> AsyncIterator[None]:
    """Runs wait for ever, or for the test to take them."""
    house.stack.stop("worker")
    yield
    house.stack.start("worker")
    house.stack.wait_ready("worker")


@pytest_asyncio.fixture
async def hand(house: House) -> AsyncIterator[Hand]:
    yield Hand(house)
    await _empty(house)


async def _empty(house: House) -> None:
    """What a test has left in the queue; what it has taken ends with its lease."""
    for job in await house.bus.ask(ListQueue()):
        await house.bus.ask(CancelJob(job_id=job.id))


@pytest.fixture(autouse=True)
def logs(house: House, request: pytest.FixtureRequest) -> Iterator[None]:
    """A failure comes with what the processes said last."""
    failed_before = request.session.testsfailed
    yield
    if request.session.testsfailed > failed_before:
        for name in ("trainer", "worker"):
            print(name, house.stack.log(name, 40), sep="\n")
