"""What a job's function holds while it works: its lease, its progress, what is desired, its transactions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.jobs import BeatJob, Desired, Lease
from libs.common.jobs.queue import JobQueue

ServiceT = TypeVar("ServiceT")
OpenService = Callable[[Any, AsyncSession], ServiceT]


class Work(Generic[ServiceT]):
    """`stop` is set when something else than `run` is desired; `directory` is removed afterwards."""

    def __init__(
        self, job: Lease, resources: Any, directory: Path, open_service: OpenService[ServiceT] | None = None
    ) -> None:
        self.job = job
        self.resources = resources
        self.directory = directory
        self.stop = asyncio.Event()
        self.desired = Desired.RUN
        self.fraction = 0.0
        self.message = ""
        self._checkpoint: dict[str, Any] | None = None
        self.result: dict[str, Any] | None = None
        self.is_finished = False
        self.news = asyncio.Event()
        self._open_service = open_service

    @asynccontextmanager
    async def service(self) -> AsyncIterator[ServiceT]:
        """The room's service in one transaction that commits on success; long work stays outside."""
        async with self._transaction() as (service, _):
            yield service

    @asynccontextmanager
    async def finishing(self, result: BaseModel | None = None) -> AsyncIterator[ServiceT]:
        """The same, and the job's end with it: results, facts and the end are visible together or not at all.

        Raises StaleLease, and nothing is kept, when the job was given to another worker meanwhile.
        """
        try:
            async with self._transaction() as (service, session):
                yield service
                # Said before the commit: a beat that overtakes it must not take the end for a lost lease.
                self.is_finished = True
                await JobQueue(session).finish(self.job.job_id, self.job.token, _json(result))
        except BaseException:
            self.is_finished = False
            raise

    async def progress(self, fraction: float, message: str = "") -> None:
        """Cheap: the latest is sent with the next beat, which comes at most once a second."""
        self.fraction, self.message = min(max(fraction, 0.0), 1.0), message[:2000]
        self.news.set()

    async def checkpoint(self, data: BaseModel) -> None:
        """Where the next attempt goes on (`work.job.checkpoint` there)."""
        self._checkpoint = _json(data)
        self.news.set()

    def finish_with(self, result: BaseModel) -> None:
        """For workers without a database: what the scheduler is handed with the end of the job."""
        self.result = _json(result)

    def beat(self) -> BeatJob:
        return BeatJob(
            job_id=self.job.job_id,
            token=self.job.token,
            progress=self.fraction,
            message=self.message,
            checkpoint=self._checkpoint,
        )

    def has_arrived(self, beat: BeatJob) -> None:
        if beat.checkpoint == self._checkpoint:
            self._checkpoint = None

    def desire(self, desired: Desired) -> None:
        self.desired = desired
        if desired is not Desired.RUN:
            self.stop.set()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[tuple[ServiceT, AsyncSession]]:
        if self._open_service is None:
            raise TypeError("this worker was started without a service")
        async with self.resources.database.transaction() as session:
            yield self._open_service(self.resources, session), session


def _json(value: BaseModel | None) -> dict[str, Any] | None:
    return None if value is None else value.model_dump(mode="json")
