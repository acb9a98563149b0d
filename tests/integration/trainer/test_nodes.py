"""Nodes as processes: told once however many of them tell, away when what tells is killed in a run."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

from sqlalchemy import text

from infra.local.home import ROOT
from libs.common.contracts.jobs import BeatJob, ClaimJob, Lease, WorkerIdentity
from libs.common.contracts.runs import CancelRun, Run
from libs.common.contracts.system import AlertCleared, AlertKind, AlertRaised, GetNode, Node
from libs.common.errors import NotFound
from tests.house import House
from tests.integration.trainer.desk import Desk

WAIT_SECONDS = 60
CELLAR = WorkerIdentity(
    id="cellar:1", node="cellar", kinds=("run.train",), capabilities=("gpu", "gpu7"), device="gpu7"
)


@contextmanager
def teller(house: House, node: str) -> Iterator[subprocess.Popen[bytes]]:
    """The agent alone, as on a machine without a worker of the trainer."""
    environment = house.stack.environment("worker") | {"MODELYARD_NODE": node}
    process = subprocess.Popen([sys.executable, "-m", "services.trainer.node"], env=environment, cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await look():
            await asyncio.sleep(0.1)


async def told(house: House, node: str) -> Node | None:
    """None until it has told how it is."""
    try:
        found = await house.bus.ask(GetNode(name=node))
    except NotFound:
        return None
    return found if found.reading else None


async def speaker(house: House, node: str) -> str | None:
    statement = text("SELECT teller FROM trainer.nodes WHERE name = :node")
    async with house.database.transaction() as session:
        return await session.scalar(statement, {"node": node})


async def test_a_worker_tells_of_its_machine_and_another_process_there_only_once_it_is_gone(
    house: House,
) -> None:
    pid = house.stack.pid("worker")

    async def is_told() -> bool:
        """By this worker, not by one that other tests have ended."""
        return f"local:{pid}:" in (await speaker(house, "local") or "")

    async def is_taken_over() -> bool:
        return await speaker(house, "local") != worker

    await until(is_told)
    worker = await speaker(house, "local")
    node = await told(house, "local")
    assert node is not None and node.reading is not None
    assert len(node.reading.cpu.cores) > 0 and node.reading.memory.used_bytes > 0
    assert [disk.folders for disk in node.reading.disks] == [("scratch", "data")]
    with teller(house, "local"):
        # The second asks at once, and then again and again.
        for _ in range(30):
            await asyncio.sleep(0.1)
            assert await speaker(house, "local") == worker
        house.stack.stop("worker")
        await until(is_taken_over)
    house.stack.start("worker")
    house.stack.wait_ready("worker")


async def test_a_node_that_is_killed_in_a_run_is_told_as_away_and_as_well_when_it_is_back(
    house: House, desk: Desk
) -> None:
    async def is_there() -> bool:
        node = await told(house, "cellar")
        return node is not None and not node.is_away

    async def is_away() -> bool:
        node = await told(house, "cellar")
        return node is not None and node.is_away and bool(node.alerts)

    with teller(house, "cellar") as process:
        await until(is_there)
        async with run_in_the_cellar(house, desk) as run:
            process.kill()
            await until(is_away)
            raised = await house.wait_for(AlertRaised, node="cellar")
            assert (raised.kind, raised.message.endswith(f"has the run “{run.name}”")) == (
                AlertKind.AWAY,
                True,
            )
            with teller(house, "cellar"):
                cleared = await house.wait_for(AlertCleared, node="cellar")
                await until(is_there)
            assert cleared.alert_id == raised.alert_id
            assert len([fact for fact in await house.facts(AlertRaised) if fact.node == "cellar"]) == 1


@asynccontextmanager
async def run_in_the_cellar(house: House, desk: Desk) -> AsyncIterator[Run]:
    """A worker of which only the lease is left; nobody else has its device."""
    await house.bus.ask(ClaimJob(worker=CELLAR, token=uuid4()))
    run = await desk.begin(device="cuda:7")
    lease = await house.bus.ask(ClaimJob(worker=CELLAR, token=uuid4()))
    assert lease is not None and lease.job_id == run.job_id
    beating = asyncio.create_task(_beat(house, lease))
    try:
        yield run
    finally:
        beating.cancel()
        await house.bus.ask(CancelRun(run_id=run.id))


async def _beat(house: House, lease: Lease) -> None:
    while True:
        await house.bus.ask(BeatJob(job_id=lease.job_id, token=lease.token, progress=0, message=""))
        await asyncio.sleep(1)
