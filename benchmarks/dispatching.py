"""From the submission of a job to the first line of its function, beside Celery on a durable Redis."""

import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from pydantic import SecretStr

from benchmarks.dispatch_worker import Touch
from benchmarks.peers import installed
from benchmarks.results import Result
from benchmarks.stack import local_stack
from infra.local.control import LocalStack
from infra.local.environment import environment
from libs.common.db import Database
from libs.common.jobs import JobQueue
from libs.common.settings import DatabaseSettings

NEEDED = ("postgres", "nats", "s3", "trainer", "gateway")
CELERY = ("celery[redis]==5.7.0",)
HERE = Path(__file__).parent
ROUNDS = 6
PER_ROUND = 50
WARM_UP = 20
# Both workers have put their last job away and wait when the next one comes.
REST_SECONDS = 0.03
START_SECONDS = 60.0


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as name, local_stack(NEEDED) as local:
        folder = Path(name)
        with _celery(folder) as peer:
            ours, theirs = asyncio.run(_in_turns(local, folder, peer))
    return [_result("p50", _p50(ours), _p50(theirs)), _result("p95", _p95(ours), _p95(theirs))]


async def _in_turns(local: LocalStack, folder: Path, peer: "Celery") -> tuple[list[float], list[float]]:
    """Seconds of each job on either side."""
    ours: list[float] = []
    theirs: list[float] = []
    async with _own(local, folder) as own:
        await own.run(WARM_UP)
        peer.run(WARM_UP)
        for _ in range(ROUNDS):
            ours += await own.run(PER_ROUND)
            theirs += peer.run(PER_ROUND)
    return ours, theirs


class Own:
    """Enqueues as a room does: in a transaction that is on the disk when it returns."""

    def __init__(self, database: Database, inbox: socket.socket, address: str) -> None:
        self._database = database
        self._inbox = inbox
        self._address = address

    async def run(self, count: int) -> list[float]:
        return [await self._once() for _ in range(count)]

    async def _once(self) -> float:
        await asyncio.sleep(REST_SECONDS)
        spec = Touch(address=self._address, sent_at=time.time())
        async with self._database.transaction() as session:
            await JobQueue(session).enqueue(spec)
        async with asyncio.timeout(START_SECONDS):
            return float(await asyncio.get_running_loop().sock_recv(self._inbox, 100))


class Celery:
    """Its side in a process of its own environment: told how many, it tells how long each took."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, count: int) -> list[float]:
        assert self._process.stdin and self._process.stdout
        print(count, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@asynccontextmanager
async def _own(local: LocalStack, folder: Path) -> AsyncIterator[Own]:
    address = str(folder / "ours")
    given = {**os.environ, **environment(local.stack, "owner"), "MODELYARD_SCRATCH": str(folder)}
    url = SecretStr(given["MODELYARD_DATABASE__URL"])
    database = await Database.connect(DatabaseSettings(url=url), "benchmark")
    with _mailbox(address) as inbox, _process([sys.executable, "-m", "benchmarks.dispatch_worker"], given):
        yield Own(database, inbox, address)
    await database.close()


@contextmanager
def _celery(folder: Path) -> Iterator[Celery]:
    """At equal durability: every write on the disk before it counts, a job acknowledged when it is done."""
    programs, server = installed("celery", *CELERY), shutil.which("redis-server")
    if server is None:
        sys.exit("redis-server is not installed: apt-get install redis-server, brew install redis")
    port = _free_port()
    redis = [server, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    durable = ["--appendonly", "yes", "--appendfsync", "always"]
    given = {**os.environ, "REDIS_URL": f"redis://127.0.0.1:{port}/0", "INBOX": str(folder / "celery")}
    worker = [
        *(programs / "celery", "-A", "celery_peer", "--workdir", HERE, "worker", "--pool", "solo"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "error"),
    ]
    asking = [programs / "python", HERE / "celery_peer.py"]
    with _process([*redis, *durable], given), _process(worker, given), _process(asking, given) as process:
        yield Celery(process)


@contextmanager
def _process(command: Sequence[str | Path], given: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """What it says of itself nobody reads but who asks it something."""
    process = subprocess.Popen(
        list(map(str, command)),
        env=given,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _mailbox(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(address)
        inbox.setblocking(False)
        yield inbox


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _p50(times: list[float]) -> float:
    return statistics.median(times) * 1000


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] * 1000


def _result(what: str, ours: float, theirs: float) -> Result:
    return Result(
        f"submit → worker starts, {what}",
        f"{ours / theirs:.2f}× the time",
        "not slower than Celery on Redis",
        f"{ours:.1f} ms, Celery {theirs:.1f} ms; {ROUNDS * PER_ROUND} jobs each in turns, one at a time, "
        "every write on the disk before it counts (PostgreSQL's `fsync`, Redis' `appendfsync always`, "
        "Celery's `acks_late`)",
    )
