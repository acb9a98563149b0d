"""Our own side: telemetry over the bus, reads over HTTP, as a worker and a browser do it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx
from pydantic import SecretStr

from benchmarks.tracking_side import MAX_POINTS, PAGE, value_at
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

PROJECT = new_id()


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
        query = {"key": "val/loss", "max_points": MAX_POINTS}
        answer = await self.http.get(f"/v1/runs/{run}/metrics", params=query)
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


@asynccontextmanager
async def ours(local: LocalStack) -> AsyncIterator[Ours]:
    given = environment(local.stack, "owner")
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
