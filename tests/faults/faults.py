"""What is done to the stack while it works: each fault by name, in force for as long as its block lasts."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from nats.js.errors import NotFoundError
from sqlalchemy import text

from infra.local.home import ROOT
from infra.local.ports import LOOPBACK, choose_ports
from libs.common.bus import Bus
from libs.common.bus.streams import FACTS, TELEMETRY
from libs.common.errors import ModelyardError
from tests.faults.clock import Clock
from tests.faults.disk import Disk
from tests.faults.processes import ended, send, standing_still, tree
from tests.house import House

PAUSE_SECONDS = 30
SLOW_BYTES_PER_SECOND = 2**20
HARD_SECONDS = 30
JUMP_SECONDS = 600
AWAY_SECONDS = 5


@dataclass(frozen=True)
class Site:
    """Where a fault happens; `part` is what it is done to."""

    house: House
    disk: Disk
    clock: Clock
    part: str
    jobs: tuple


Fault = Callable[[Site], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def killed(site: Site) -> AsyncIterator[None]:
    pid = site.house.stack.pid(site.part)
    os.kill(pid, signal.SIGKILL)
    await ended(pid)
    yield


@asynccontextmanager
async def paused(site: Site) -> AsyncIterator[None]:
    async with standing_still(tree(site.house.stack.pid(site.part))):
        await asyncio.sleep(PAUSE_SECONDS)
    yield


@asynccontextmanager
async def lost_store(site: Site) -> AsyncIterator[None]:
    """All streams and consumers, as a disk that was replaced."""
    stack = site.house.stack
    pid = stack.pid("nats")
    os.kill(pid, signal.SIGKILL)
    stack.stop("nats")
    shutil.rmtree(stack.stack.home / "nats")
    stack.start("nats")
    yield


@asynccontextmanager
async def terminated_connections(site: Site) -> AsyncIterator[None]:
    """Everybody's, the tests' own too."""
    everybody = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND datname IS NOT NULL
    """
    async with site.house.database.transaction() as session:
        await session.execute(text(everybody))
    yield


@asynccontextmanager
async def slow_disk(site: Site) -> AsyncIterator[None]:
    with site.disk.slow(SLOW_BYTES_PER_SECOND):
        await asyncio.sleep(HARD_SECONDS)
    yield


@asynccontextmanager
async def full_disk(site: Site) -> AsyncIterator[None]:
    with site.disk.full():
        await asyncio.sleep(HARD_SECONDS)
    yield


@asynccontextmanager
async def jumped_clock(site: Site) -> AsyncIterator[None]:
    """There and back: every lease seems to be over, and then to last for ten minutes more."""
    with site.clock.ahead(JUMP_SECONDS):
        await asyncio.sleep(HARD_SECONDS)
    yield


@asynccontextmanager
async def told_again(site: Site) -> AsyncIterator[None]:
    """Everything that was ever said, once more and the newest first; JetStream does not know them again."""
    for stream in (FACTS, TELEMETRY):
        await _tell_again(site.house.bus, stream)
    yield


async def _tell_again(bus: Bus, stream: str) -> None:
    state = (await bus.jetstream.stream_info(stream)).state
    for sequence in range(state.last_seq, state.first_seq - 1, -1):
        try:
            message = await bus.jetstream.get_msg(stream, seq=sequence)
        except NotFoundError:
            continue
        headers = {name: value for name, value in (message.headers or {}).items() if name != "Nats-Msg-Id"}
        assert message.subject and message.data is not None
        await bus.jetstream.publish(message.subject, message.data, stream=stream, headers=headers)


@asynccontextmanager
async def with_a_second(site: Site) -> AsyncIterator[None]:
    """Another process of the room; then the first is killed under both, and comes back as the third."""
    async with _another(site.house, site.part, f"services.{site.part}"):
        await _until_they_are(site.house, site.part, 2)
        os.kill(site.house.stack.pid(site.part), signal.SIGKILL)
        yield


@asynccontextmanager
async def came_back_too_late(site: Site) -> AsyncIterator[None]:
    """A suspended machine, whose jobs another worker was given and has begun before it comes back."""
    async with _another(site.house, "worker", "services.trainer.worker"):
        async with standing_still(tree(site.house.stack.pid("worker"))):
            await _until_given_away(site)
        yield


async def _until_given_away(site: Site) -> None:
    taken = text(
        "SELECT count(*) FROM platform.job WHERE id = ANY(:ids) AND kind = 'run.train' AND attempt > 1"
    )
    async with asyncio.timeout(90):
        while True:
            async with site.house.database.transaction() as session:
                if await session.scalar(taken, {"ids": list(site.jobs)}):
                    return
            await asyncio.sleep(0.2)


@asynccontextmanager
async def _another(house: House, name: str, module: str) -> AsyncIterator[None]:
    port = choose_ports([name], {})[name]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MODELYARD_")}
    own = house.stack.changed_environment(name) | {
        "MODELYARD_HTTP__PORT": str(port),
        "MODELYARD_HTTP__HOST": LOOPBACK,
    }
    own["MODELYARD_SCRATCH"] += "-second"
    with house.stack.log_file(f"{name}-second").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module], env=inherited | own, stdout=log, stderr=log, cwd=ROOT
        )
    try:
        yield
    finally:
        pids = tree(process.pid)
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 20)
        finally:
            send(signal.SIGKILL, pids)


async def _until_they_are(house: House, room: str, number: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await house.bus.discover()).get(room, 0) >= number:
                    return
            except ModelyardError:
                pass
            await asyncio.sleep(0.2)
