"""One whole stack on a disk of its own, with what every case works on."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from infra.local.home import ROOMS
from infra.local.servers import SERVERS
from libs.client import Connection, Modelyard
from tests.faults.clock import Clock
from tests.faults.disk import Disk, own_disk
from tests.faults.ground import Ground, prepare
from tests.house import House, open_house
from tests.stack import TestStack, running_stack

PARTS = (*SERVERS, *ROOMS, "worker")
# Longer than it takes to notice that a connection says nothing any more, shorter than by default.
LEASE_SECONDS = 45
# Bytes that no checkpoint names yet outlast a pause; by default they stay for ten minutes.
# A device serves one job: on nodes of their own, evaluations and exports go on beside a training.
SETTINGS = {
    "trainer": {"MODELYARD_LEASE_SECONDS": str(LEASE_SECONDS), "MODELYARD_SWEEP_GRACE_SECONDS": "45"},
    "evaluator": {"MODELYARD_NODE": "evaluating"},
    "exporter": {"MODELYARD_NODE": "exporting"},
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """A failure comes with the last lines of every part's log."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, TestStack):
        for name in PARTS:
            if lines := running.log(name, 25):
                report.sections.append((f"log of {name}", lines))
    return report


@pytest.fixture(scope="package")
def disk() -> Iterator[Disk]:
    """Not below pytest's own folder, which other sessions close to PostgreSQL's user again."""
    with tempfile.TemporaryDirectory(prefix="modelyard-faults-") as folder, own_disk(Path(folder)) as made:
        yield made


@pytest.fixture(scope="package")
def clock(disk: Disk) -> Clock:
    made = Clock(disk.folder / "clock")
    made.set(0)
    return made


@pytest.fixture(scope="package")
def stack(disk: Disk, clock: Clock) -> Iterator[TestStack]:
    changes = {**SETTINGS, "postgres": clock.environment}
    with running_stack(PARTS, changes, below=disk.folder) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def house(stack: TestStack) -> AsyncIterator[House]:
    async with open_house(stack) as opened:
        yield opened


@pytest.fixture(scope="package")
def yard(stack: TestStack) -> Iterator[Modelyard]:
    with Modelyard(Connection(stack.gateway_url, stack.token)) as connected:
        yield connected


@pytest.fixture(scope="package")
def ground(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return prepare(yard, tmp_path_factory.mktemp("ground"))
