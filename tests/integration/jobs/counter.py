"""The queue over a counter: one short transaction per call, as the trainer's request door does it."""

from typing import Any
from uuid import UUID, uuid4

from libs.common.contracts.base import JobSpec
from libs.common.contracts.jobs import WorkerIdentity
from libs.common.contracts.queue import QueueSettings
from libs.common.db import Database
from libs.common.jobs import JobLimits, JobLists, JobQueue


class Sweep(JobSpec, kind="test.sweep"):
    room: str = "hall"


class Heat(JobSpec, kind="test.heat", needs_device=True):
    degrees: int = 20


ANY = WorkerIdentity(id="w", node="n1", kinds=("test.sweep", "test.heat"), device="cpu")


class Scheduler:
    def __init__(self, database: Database, lease_seconds: float = 60) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    def __getattr__(self, verb: str) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            async with self._database.transaction() as session:
                return await getattr(JobQueue(session, lease_seconds=self._lease_seconds), verb)(
                    *args, **kwargs
                )

        return call

    async def order(self) -> list[UUID]:
        async with self._database.transaction() as session:
            return [row.id for row in await JobLists(session).waiting(1000)]

    async def limit(self, kind: str, **settings: Any) -> QueueSettings:
        async with self._database.transaction() as session:
            wanted = QueueSettings.model_validate(settings)
            return await JobLimits(session).change(kind, wanted, tuple(settings))


async def drain(scheduler: Scheduler, worker: WorkerIdentity = ANY) -> list[UUID]:
    taken = []
    while row := await scheduler.claim(worker, uuid4()):
        taken.append(row.id)
    return taken
