"""MLflow and FastTrackML as they are started and spoken to."""

import os
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from benchmarks.peers import installed, serving
from benchmarks.tracking_side import MAX_POINTS, PAGE, value_at
from infra.local.control import LocalStack
from infra.local.environment import environment

MLFLOW = ("mlflow==3.17.2", "psycopg[binary]", "uvloop")
FASTTRACKML = ("fasttrackml==0.5.0",)


@dataclass
class MLflow:
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
        """What its own page asks for: so many points, evenly taken."""
        query = {"run_ids": run, "metric_key": "loss", "max_results": MAX_POINTS}
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


class FastTrackML(MLflow):
    """The same protocol, but for the history that a chart shows: that is Aim's, as on its own page."""

    async def history(self, run: str) -> None:
        query = {"q": f'run.hash == "{run}" and metric.name == "loss"', "p": MAX_POINTS}
        answer = await self.http.get("/aim/api/runs/search/metric/", params=query)
        answer.raise_for_status()
        assert run.encode() in answer.content


@asynccontextmanager
async def mlflow(local: LocalStack) -> AsyncIterator[MLflow]:
    with _mlflow(await _new_database(local, "mlflow")) as url:
        async with _client(url) as http:
            yield MLflow(http, await _experiment(http))


@asynccontextmanager
async def fasttrackml(local: LocalStack) -> AsyncIterator[FastTrackML]:
    with _fasttrackml(await _new_database(local, "fasttrackml")) as url:
        async with _client(url) as http:
            yield FastTrackML(http, await _experiment(http))


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=120, limits=httpx.Limits(keepalive_expiry=2))


async def _experiment(http: httpx.AsyncClient) -> str:
    answer = await http.post("/api/2.0/mlflow/experiments/create", json={"name": "benchmark"})
    answer.raise_for_status()
    return answer.json()["experiment_id"]


@contextmanager
def _mlflow(database: str) -> Iterator[str]:
    """Tuned: one uvicorn worker per core with uvloop; with more than one it would be slower without it.

    Workers of a busy machine that are slow to say that they live are killed while they start, else.
    """
    port, programs = _free_port(), installed("mlflow", *MLFLOW)
    command = [
        *(programs / "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", database, "--workers", str(os.cpu_count() or 1)),
        *("--uvicorn-opts", "--loop uvloop --log-level error --timeout-worker-healthcheck 60"),
    ]
    with serving(command, f"http://127.0.0.1:{port}/health", _environment(programs)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _fasttrackml(database: str) -> Iterator[str]:
    port, programs = _free_port(), installed("fasttrackml", *FASTTRACKML)
    command = [programs / "fml", "server", "-a", f"127.0.0.1:{port}", "-d", database, "-l", "error"]
    with serving(command, f"http://127.0.0.1:{port}/health", _environment(programs)):
        yield f"http://127.0.0.1:{port}"


async def _new_database(local: LocalStack, name: str) -> str:
    url = environment(local.stack, "owner")["MODELYARD_DATABASE__URL"]
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


def _ms() -> int:
    return int(time.time() * 1000)
