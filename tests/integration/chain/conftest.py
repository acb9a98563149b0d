"""Evaluator and exporter as real processes on real servers, with the scheduler beside them."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.house import House, open_house
from tests.scheduler import scheduler
from tests.stack import TestStack, running_stack


@pytest.fixture(scope="package")
def rooms() -> Iterator[TestStack]:
    with running_stack(("postgres", "nats", "s3", "evaluator", "exporter")) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def house(rooms: TestStack) -> AsyncIterator[House]:
    async with open_house(rooms) as opened, scheduler(opened.bus, opened.database):
        yield opened


@pytest.fixture(autouse=True)
def logs(house: House, request: pytest.FixtureRequest) -> Iterator[None]:
    """A failure comes with what the rooms said last."""
    failed_before = request.session.testsfailed
    yield
    if request.session.testsfailed > failed_before:
        for name in ("evaluator", "exporter"):
            print(name, house.stack.log(name, 20), sep="\n")
