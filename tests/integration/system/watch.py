"""A node that tells, and what the room makes of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text

from libs.common.contracts.attempts import TrainRun
from libs.common.contracts.base import Fact
from libs.common.contracts.jobs import Lease, WorkerIdentity
from libs.common.contracts.queue import QueueSettings
from libs.common.contracts.runs import RunState
from libs.common.contracts.system import (
    AlertCleared,
    AlertRaised,
    GetNode,
    Node,
    NodeHistory,
    NodeReading,
    ReadNodeHistory,
    TellNode,
    Told,
)
from libs.common.db import Database
from libs.common.db.outbox import Outbox
from libs.common.db.platform import OutboxRow
from libs.common.ids import new_id
from libs.common.jobs import JobLimits, JobLists, JobQueue
from services.trainer.models import ExperimentRow, RunRow
from services.trainer.repository import Repository
from services.trainer.service.alerts import Alerts
from services.trainer.service.nodes import Nodes
from services.trainer.settings import AlertSettings, NodeLimits
from tests.factories import data_reference
from tests.unit.trainer.machines import reading

NODE = "attic"
TABLES = ("nodes", "workers", "readings", "alerts", "experiments, trainer.runs, trainer.run_energy")


@dataclass(frozen=True)
class Unit:
    repository: Repository
    nodes: Nodes
    alerts: Alerts


@dataclass
class Watch:
    """`start` lies on a full hour, so that no stretch of time begins in another."""

    database: Database
    limits: NodeLimits = field(default_factory=NodeLimits)
    start: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    )

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        async with self.database.transaction() as session:
            repository = Repository(session)
            alerts = Alerts(
                repository,
                Outbox(session),
                JobLists(session),
                JobLimits(session),
                AlertSettings(),
                self.limits,
            )
            yield Unit(repository, Nodes(repository, alerts, self.limits), alerts)

    def at(self, seconds: float) -> datetime:
        return self.start + timedelta(seconds=seconds)

    async def tell(
        self, seconds: float, told: NodeReading | None = None, *, teller: str = "one", node: str = NODE
    ) -> Told:
        async with self.unit() as unit:
            request = TellNode(node=node, teller=teller, reading=told or reading())
            return await unit.nodes.tell(request, self.at(seconds))

    async def node(self, seconds: float) -> Node:
        async with self.unit() as unit:
            return await unit.nodes.get(GetNode(name=NODE), self.at(seconds))

    async def history(
        self, since: float, until: float, max_points: int = 500, *, at: float = 0
    ) -> NodeHistory:
        wanted = ReadNodeHistory(node=NODE, since=self.at(since), until=self.at(until), max_points=max_points)
        async with self.unit() as unit:
            return await unit.nodes.history(wanted, self.at(at))

    async def keep_house(self, seconds: float) -> None:
        async with self.unit() as unit:
            await unit.nodes.keep_house(self.at(seconds))

    async def look_for_silence(self, seconds: float) -> None:
        async with self.unit() as unit:
            await unit.alerts.look_for_silence(self.at(seconds))

    async def look_at_queue(self, seconds: float) -> None:
        async with self.unit() as unit:
            await unit.alerts.look_at_queue(self.at(seconds))

    async def set_back(self, lease: Lease, seconds: float) -> None:
        """The job waits again, for so long already, and its worker was never seen."""
        async with self.database.transaction() as session:
            await JobQueue(session).release(lease.job_id, lease.token)
            statement = text(
                "UPDATE platform.job SET not_before = NULL,"
                " created_at = clock_timestamp() - make_interval(secs => :seconds) WHERE id = :id"
            )
            await session.execute(statement, {"id": lease.job_id, "seconds": seconds})

    async def pause(self, is_paused: bool) -> None:
        async with self.database.transaction() as session:
            settings = QueueSettings(is_paused=is_paused)
            await JobLimits(session).change(TrainRun.kind, settings, ("is_paused",))

    async def facts(self) -> list[tuple[str, dict[str, Any]]]:
        """All that was announced about alerts, oldest first."""
        kinds: tuple[type[Fact], ...] = (AlertRaised, AlertCleared)
        wanted = [kind.type_name() for kind in kinds]
        statement = select(OutboxRow).where(OutboxRow.type.in_(wanted)).order_by(OutboxRow.id)
        async with self.database.transaction() as session:
            return [(row.type, row.payload) for row in await session.scalars(statement)]

    async def run_on(self, device: str, node: str = NODE) -> tuple[UUID, Lease]:
        """A run that a worker on the node has begun."""
        run = RunRow(
            id=new_id(), name="Leaves #1", task="sorting", state=RunState.RUNNING, then=[], config={},
            deployment="leaves", priority=0, wanted_device="auto", experiment_id=new_id(),
            project_id=new_id(), data=data_reference().model_dump(mode="json"),
        )  # fmt: skip
        experiment = ExperimentRow(
            id=run.experiment_id, project_id=run.project_id, name="Leaves", task=run.task, config={}, data={}
        )
        spec = TrainRun(
            run_id=run.id,
            experiment_id=experiment.id,
            experiment_name=experiment.name,
            project_id=run.project_id,
            task=run.task,
            config={},
            data=data_reference(),
        )
        worker = WorkerIdentity(
            id=f"{node}:1:{device}", node=node, kinds=("run.train",), capabilities=(device,), device=device
        )
        async with self.database.transaction() as session:
            queue = JobQueue(session)
            run.job_id = await queue.enqueue(spec, title="Train Leaves #1")
            session.add_all([experiment, run])
            job = await queue.claim(worker, uuid4())
            assert job is not None and job.id == run.job_id
            return run.id, job.lease(60)

    async def finish(self, lease: Lease) -> None:
        async with self.database.transaction() as session:
            await JobQueue(session).finish(lease.job_id, lease.token)

    async def energy(self, run_id: UUID) -> float | None:
        async with self.unit() as unit:
            return await unit.repository.nodes.energy_joules(run_id)

    async def count(self, seconds: int) -> int:
        """Readings kept that stand for so many seconds each."""
        statement = text("SELECT count(*) FROM trainer.readings WHERE seconds = :seconds AND part = 'cpu'")
        async with self.database.transaction() as session:
            return int(await session.scalar(statement, {"seconds": seconds}) or 0)

    async def forget_all(self) -> None:
        async with self.database.transaction() as session:
            for table in TABLES:
                await session.execute(text(f"TRUNCATE trainer.{table} CASCADE"))
            await session.execute(text("TRUNCATE platform.job, platform.outbox"))
