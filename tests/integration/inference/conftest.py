"""The inference room as a real process on real servers, Triton among them."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.house import House, open_house
from tests.integration.inference.desk import Desk, export_toy
from tests.stack import TestStack, running_stack
from tests.toy import Toy

# A look at Triton as often as a test would wait for one.
SETTINGS = {"MODELYARD_RECONCILE_SECONDS": "0.5"}


@pytest.fixture(scope="package")
def rooms() -> Iterator[TestStack]:
    names = ("postgres", "nats", "s3", "triton", "inference", "gateway")
    with running_stack(names, {"inference": SETTINGS}) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def house(rooms: TestStack) -> AsyncIterator[House]:
    async with open_house(rooms) as opened:
        yield opened


@pytest.fixture(scope="package")
def desk(house: House, toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(house, *export_toy(toy, tmp_path_factory.mktemp("exported")))


@pytest.fixture(autouse=True)
def logs(house: House, request: pytest.FixtureRequest) -> Iterator[None]:
    """A failure comes with what room and Triton said last."""
    failed_before = request.session.testsfailed
    yield
    if request.session.testsfailed > failed_before:
        for name in ("inference", "triton"):
            print(name, house.stack.log(name, 20), sep="\n")
