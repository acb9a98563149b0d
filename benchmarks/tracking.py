"""Metric points in, history out, lists of runs: beside MLflow and FastTrackML on the same PostgreSQL."""

import asyncio
import os
import socket
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import httpx
from pydantic import SecretStr

from benchmarks.peers import installed, serving
from benchmarks.results import Result
from benchmarks.stack import local_stack
from infra.local.control import LocalStack
from infra.local.environment import environment
from libs.common.bus import Bus, TelemetryPublisher
from libs.common.contracts.base import now
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.telemetry import MetricPoint, TelemetryBatch
from libs.common.db import Database, copy_records
from libs.common.ids import new_id
from libs.common.settings import BusSettings, DatabaseSettings
from services.trainer.models import AttemptRow, ExperimentRow, PointRow, RunRow, SeriesRow
from services.trainer.repository.thinning import Thinning

NEEDED = ("postgres", "nats", "s3", "trainer", "gateway")
MLFLOW = ("mlflow==3.17.2", "psycopg[binary]", "uvloop")
FASTTRACKML = ("fasttrackml==0.5.0",)
BATCH = 1000
NUM_CLIENTS = 4
NUM_BATCHES = 25
NUM_LISTED = 1000
PAGE = 50
LONG, VERY_LONG = 100_000, 1_000_000
NUM_LIVE, PER_SECOND, LIVE_EVERY, LIVE_SECONDS = 50, 20, 0.25, 20.0
ROUNDS = 3
READS = 15
METRICS = ("loss", "accuracy", "f1", "precision", "recall")
PROJECT = new_id()


class Side(Protocol):
    """One tracking server; ids are its own."""

    async def new_runs(self, count: int) -> list[Any]: ...

    async def send(self, run: Any, first: int, count: int, keys: Sequence[str] = ("loss",)) -> None:
        """`count` points of each key from step `first`; they may still be on their way when it returns."""
        ...

    async def arrive(self, runs: Sequence[Any], total: int) -> None:
        """Returns when all that was sent can be read."""
        ...

    async def history(self, run: Any) -> None: ...

    async def list_runs(self) -> None: ...


@dataclass
class Tracker:
    """Speaks MLflow's REST protocol."""

    http: httpx.AsyncClient
    experiment: str

    async def new_runs(self, count: int) -> list[str]:
        made = []
        for _ in range(count):
            body = {"experiment_id": self.experiment, "start_time": _ms()}
            answer = await self._post("runs/create", body)
            made.append(answer["run"]["info"]["run_id"])
        return made

    async def send(self, run: str, first: int, count: int, keys: Sequence[str] = ("loss",)) -> None:
        at = _ms()
        points = [
            {"key": key, "value": value_at(step), "timestamp": at, "step": step}
            for step in range(first, first + count)
            for key in keys
        ]
        await self._post("runs/log-batch", {"run_id": run, "metrics": points})

    async def arrive(self, runs: Sequence[str], total: int) -> None:
        """What was answered is stored."""

    async def history(self, run: str) -> None:
        query = {"run_ids": run, "metric_key": "loss", "max_results": 1000}
        answer = await self.http.get("/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", params=query)
        answer.raise_for_status()
        assert answer.json()["metrics"]

    async def list_runs(self) -> None:
        answer = await self._post("runs/search", {"experiment_ids": [self.experiment], "max_results": PAGE})
        assert len(answer["runs"]) == PAGE

    async def _post(self, name: str, body: dict[str, Any]) -> Any:
        answer = await self.http.post(f"/api/2.0/mlflow/{name}", json=body)
        answer.raise_for_status()
        return answer.json()


@dataclass
class Ours:
    http: httpx.AsyncClient
    bus: Bus
    database: Database

    async def new_runs(self, count: int) -> list[UUID]:
        """As the queue and a worker's claim leave them; no worker is measured here."""
        async with self.database.transaction() as session:
            experiment = _experiment()
            session.add(experiment)
            await session.flush()
            runs = [_run(experiment) for _ in range(count)]
            session.add_all(runs)
            await session.flush()
            session.add_all(_attempt(run) for run in runs)
            return [run.id for run in runs]

    async def send(self, run: UUID, first: int, count: int, keys: Sequence[str] = ("loss",)) -> None:
        at = now()
        points = tuple(
            MetricPoint(key=f"val/{key}", step=step, value=value_at(step), at=at)
            for step in range(first, first + count)
            for key in keys
        )
        batch = TelemetryBatch(id=new_id(), run_id=run, attempt=1, points=points)
        await TelemetryPublisher(self.bus).publish(batch)

    async def arrive(self, runs: Sequence[UUID], total: int) -> None:
        statement = """
            SELECT count(*) FROM trainer.points JOIN trainer.series ON series.id = series_id
            WHERE run_id = ANY($1)
        """
        async with self.database.dedicated() as connection:
            while True:
                if (await connection.fetchval(statement, list(runs)) or 0) >= total:
                    return
                await asyncio.sleep(0.02)

    async def history(self, run: UUID) -> None:
        answer = await self.http.get(f"/v1/runs/{run}/metrics", params={"key": "val/loss"})
        answer.raise_for_status()
        assert len(answer.json()[0]["points"]) > 400

    async def list_runs(self) -> None:
        answer = await self.http.get("/v1/runs", params={"project": str(PROJECT), "limit": PAGE})
        answer.raise_for_status()
        assert len(answer.json()["items"]) == PAGE

    async def fill(self, run: UUID, count: int) -> None:
        """A long history, as ingestion would have left it."""
        async with self.database.transaction() as session:
            last = {"last_step": count - 1, "last_value": 0.0, "min_step": 0, "min_value": 0.0}
            series = SeriesRow(run_id=run, key="val/loss", **last, max_step=0, max_value=1.0)
            session.add(series)
            await session.flush()
            at = now()
            columns = ("series_id", "step", "epoch", "value", "at")
            records = ((series.id, step, None, value_at(step), at) for step in range(count))
            await copy_records(session, PointRow.__table__, columns, records)  # type: ignore[arg-type]
            await Thinning(session).keep_until([series.id], 0)
        async with self.database.dedicated() as connection:
            await connection.execute("VACUUM ANALYZE trainer.points")


def measure() -> list[Result]:
    return asyncio.run(_measure())


async def _measure() -> list[Result]:
    async with AsyncExitStack() as stack:
        local = stack.enter_context(local_stack(NEEDED))
        sides: dict[str, Side] = {"Modelyard": await stack.enter_async_context(_ours(local))}
        for name, start in (("MLflow", _mlflow), ("FastTrackML", _fasttrackml)):
            url = stack.enter_context(start(local, await _new_database(local, name.lower())))
            sides[name] = await stack.enter_async_context(_tracker(url))
        points = await _ingestion(sides)
        history = await _histories(sides)
        lists = await _lists(sides)
        very_long = await _very_long(sides["Modelyard"])
        lag = await _sustained(sides["Modelyard"])
    return [
        _result("metric points in", points, "points/s", is_rate=True),
        _result(f"history of {LONG:,} points out", history, "ms"),
        _result(f"list of {PAGE} of {NUM_LISTED:,} runs", lists, "ms"),
        Result(
            f"chart of {VERY_LONG:,} points",
            f"{very_long:.0f} ms",
            "< 200 ms",
            f"GET metrics over HTTP, the extremes of each stretch; median of {READS}",
        ),
        Result(
            f"{NUM_LIVE} runs × {PER_SECOND} points/s",
            f"{lag:.1f} s behind",
            "no growing lag",
            f"each run a batch every {LIVE_EVERY} s for {LIVE_SECONDS:.0f} s; from the last one sent "
            "until all points can be read",
        ),
    ]


async def _ingestion(sides: dict[str, Side]) -> dict[str, float]:
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            runs = await side.new_runs(NUM_CLIENTS)
            started = time.perf_counter()
            await asyncio.gather(*(_send_all(side, run) for run in runs))
            total = NUM_CLIENTS * NUM_BATCHES * BATCH
            await side.arrive(runs, total)
            rates[name].append(total / (time.perf_counter() - started))
    return {name: statistics.median(found) for name, found in rates.items()}


async def _send_all(side: Side, run: Any) -> None:
    for number in range(NUM_BATCHES):
        await side.send(run, number * BATCH, BATCH)


async def _histories(sides: dict[str, Side]) -> dict[str, float]:
    runs = {}
    for name, side in sides.items():
        (runs[name],) = await side.new_runs(1)
        for first in range(0, LONG, BATCH):
            await side.send(runs[name], first, BATCH)
        await side.arrive([runs[name]], LONG)
    return await _in_turns({name: lambda name=name: sides[name].history(runs[name]) for name in sides})


async def _lists(sides: dict[str, Side]) -> dict[str, float]:
    for side in sides.values():
        runs = await side.new_runs(NUM_LISTED)
        for run in runs:
            await side.send(run, 0, 3, METRICS)
        await side.arrive(runs, NUM_LISTED * 3 * len(METRICS))
    return await _in_turns({name: side.list_runs for name, side in sides.items()})


async def _very_long(side: Side) -> float:
    assert isinstance(side, Ours)
    (run,) = await side.new_runs(1)
    await side.fill(run, VERY_LONG)
    return (await _in_turns({"": lambda: side.history(run)}))[""]


async def _sustained(side: Side) -> float:
    """Seconds from the last batch until everything is stored."""
    runs = await side.new_runs(NUM_LIVE)
    per_batch = round(PER_SECOND * LIVE_EVERY)
    num_batches = round(LIVE_SECONDS / LIVE_EVERY)

    async def live(run: Any, delay: float) -> None:
        begun = time.perf_counter() + delay
        for number in range(num_batches):
            await asyncio.sleep(max(0.0, begun + number * LIVE_EVERY - time.perf_counter()))
            await side.send(run, number * per_batch, per_batch)

    await asyncio.gather(*(live(run, LIVE_EVERY * place / NUM_LIVE) for place, run in enumerate(runs)))
    ended = time.perf_counter()
    await side.arrive(runs, NUM_LIVE * num_batches * per_batch)
    return time.perf_counter() - ended


async def _in_turns(calls: dict[str, Callable[[], Awaitable[None]]]) -> dict[str, float]:
    """Milliseconds, the median of several each."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(READS):
        for name, call in calls.items():
            started = time.perf_counter()
            await call()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def _result(title: str, found: dict[str, float], unit: str, *, is_rate: bool = False) -> Result:
    own = found["Modelyard"]
    ratios = {
        name: own / value if is_rate else value / own for name, value in found.items() if name != "Modelyard"
    }
    told = ", ".join(f"{name} {value:,.0f} {unit}" for name, value in found.items())
    aim = "≥ 5× MLflow, ≥ 3× FastTrackML"
    return Result(title, ", ".join(f"{ratio:.1f}× {name}" for name, ratio in ratios.items()), aim, told)


@asynccontextmanager
async def _ours(local: LocalStack) -> AsyncIterator[Ours]:
    given = environment(local.stack, "trainer")
    settings = BusSettings(
        url=given["MODELYARD_BUS__URL"],
        user=given["MODELYARD_BUS__USER"],
        password=SecretStr(given["MODELYARD_BUS__PASSWORD"]),
    )
    bus = await Bus.connect(settings, name="benchmark")
    url = SecretStr(given["MODELYARD_DATABASE__URL"])
    database = await Database.connect(DatabaseSettings(url=url), "benchmark")
    headers = {"Authorization": f"Bearer {local.stack.secrets['admin_token']}"}
    async with httpx.AsyncClient(base_url=local.stack.gateway_url, headers=headers, timeout=60) as http:
        yield Ours(http, bus, database)
    await database.close()
    await bus.close()


@asynccontextmanager
async def _tracker(url: str) -> AsyncIterator[Tracker]:
    limits = httpx.Limits(keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as http:
        answer = await http.post("/api/2.0/mlflow/experiments/create", json={"name": "benchmark"})
        answer.raise_for_status()
        yield Tracker(http, answer.json()["experiment_id"])


@contextmanager
def _mlflow(local: LocalStack, database: str) -> Iterator[str]:
    """Tuned: one uvicorn worker per core with uvloop; with more than one it would be slower without it."""
    port, programs = _free_port(), installed("mlflow", *MLFLOW)
    command = [
        *(programs / "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", database, "--workers", str(os.cpu_count() or 1)),
        *("--uvicorn-opts", "--loop uvloop --log-level error"),
    ]
    with serving(command, f"http://127.0.0.1:{port}/health", _environment(programs)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _fasttrackml(local: LocalStack, database: str) -> Iterator[str]:
    port, programs = _free_port(), installed("fasttrackml", *FASTTRACKML)
    command = [programs / "fml", "server", "-a", f"127.0.0.1:{port}", "-d", database, "-l", "error"]
    with serving(command, f"http://127.0.0.1:{port}/health", _environment(programs)):
        yield f"http://127.0.0.1:{port}"


async def _new_database(local: LocalStack, name: str) -> str:
    url = environment(local.stack, "trainer")["MODELYARD_DATABASE__URL"]
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{url.rpartition('/')[0]}/{name}"


def _free_port() -> int:

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _environment(programs: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
    return {**kept, "PATH": f"{programs}{os.pathsep}{kept['PATH']}", "GIT_PYTHON_REFRESH": "quiet"}


def value_at(step: int) -> float:
    return 1.0 / (1 + step % 977)


def _ms() -> int:
    return int(time.time() * 1000)


def _experiment() -> ExperimentRow:
    return ExperimentRow(
        id=new_id(), project_id=PROJECT, name="benchmark", task="classification", config={}, data={}
    )


def _run(experiment: ExperimentRow) -> RunRow:
    data = DataReference(
        project_id=PROJECT,
        dataset_id=new_id(),
        dataset_name="digits",
        version=1,
        split_id=new_id(),
        manifest="none",
        shards=(),
        classes=("a", "b"),
        subset_counts={"train": 1, "val": 1},
    )
    return RunRow(
        id=new_id(),
        experiment_id=experiment.id,
        project_id=PROJECT,
        name="benchmark #1",
        task="classification",
        state="running",
        then=[],
        config={},
        data=data.model_dump(mode="json"),
        deployment="benchmark",
        priority=0,
        wanted_device="auto",
        attempt=1,
        job_id=new_id(),
    )


def _attempt(run: RunRow) -> AttemptRow:
    return AttemptRow(
        run_id=run.id, number=1, job_id=run.job_id, token=new_id(), resume_epoch=0, resume_step=-1
    )
