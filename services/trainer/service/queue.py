"""The queue as people see and change it: its order, what it waits for, its limits, its history."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.contracts.attempts import TrainRun
from libs.common.contracts.base import Page, now
from libs.common.contracts.jobs import Job, ListJobs
from libs.common.contracts.queue import (
    ChangeQueueSettings,
    ListQueue,
    ListQueueHistory,
    MoveJob,
    QueueEntry,
    QueueSettings,
)
from libs.common.errors import Problem
from libs.common.jobs import JobLimits, JobLists, JobQueue
from libs.common.jobs.lists import Ended
from libs.common.jobs.model import JobRow
from libs.common.jobs.queue import NeighbourIsUnknown
from libs.common.paging import page_of
from services.trainer.models import WorkerRow
from services.trainer.outlook import Outlook, Prospect, Running, Waiting, Worker
from services.trainer.repository import Repository
from services.trainer.repository.workers import PRESENT_FOR
from services.trainer.service.life import Life

# So many of those that wait are looked at to say when one begins.
MOST_AHEAD = 1000


class Queue:
    def __init__(
        self, repository: Repository, queue: JobQueue, lists: JobLists, limits: JobLimits, life: Life
    ) -> None:
        self._repository = repository
        self._queue = queue
        self._lists = lists
        self._limits = limits
        self._life = life

    async def entries(self, wanted: ListQueue) -> tuple[QueueEntry, ...]:
        """What runs, then what waits; what others wait for has its say in when one's own begins."""
        limit, within = wanted.limit, wanted.within
        running = await self._lists.running()
        ahead = await self._lists.waiting(limit if within is None else MOST_AHEAD)
        prospects = (await self._outlook(running)).prospects(await self._seen(ahead))
        if within is None:
            waiting = list(enumerate(ahead, start=1))
        else:
            waiting = await self._lists.places(within, limit)
        first = [_entry(row) for row in running if within is None or row.project_id in within]
        then = [_entry(row, place, prospects.get(row.id)) for place, row in waiting]
        return tuple(first + then)[:limit]

    async def history(self, wanted: ListQueueHistory) -> Page[QueueEntry]:
        return page_of(await self._lists.ended(wanted), wanted.query, _entry, Ended.of)

    async def newest(self, wanted: ListJobs) -> Page[Job]:
        return await self._lists.newest(wanted)

    async def move(self, wanted: MoveJob) -> Job:
        job_id, place = await self._job_id(wanted.job_id), wanted.place
        before = place.before and await self._job_id(place.before)
        after = place.after and await self._job_id(place.after)
        if job_id in (before, after):
            problem = Problem(field="before" if before else "after", message="name another job")
            raise NeighbourIsUnknown("a job cannot be its own neighbour", errors=[problem])
        return (await self._queue.move(job_id, before=before, after=after)).view()

    async def remove(self, id: UUID) -> Job:
        job = await self._queue.cancel(await self._job_id(id))
        await self._life.follow(job)
        return job.view()

    async def settings(self) -> QueueSettings:
        return await self._limits.get(TrainRun.kind)

    async def change(self, wanted: ChangeQueueSettings) -> QueueSettings:
        return await self._limits.change(TrainRun.kind, wanted.settings, wanted.changed)

    async def _job_id(self, id: UUID) -> UUID:
        """People know a run by its own id."""
        run = await self._repository.runs.get(id)
        return run.job_id if run is not None else id

    async def _outlook(self, running: Sequence[JobRow]) -> Outlook:
        present = await self._repository.workers.present(now() - PRESENT_FOR)
        return Outlook(
            now(),
            await self.settings(),
            [_worker(row) for row, _ in present],
            [_running(row) for row in running],
        )

    async def _seen(self, waiting: Sequence[JobRow]) -> list[Waiting]:
        """What the same experiment has taken before is what it will take."""
        experiments = {
            row.id: id
            for row in waiting
            if row.kind == TrainRun.kind and (id := _id_in(row, "experiment_id"))
        }
        durations = await self._repository.runs.last_durations(set(experiments.values()))
        taken = {id: durations.get(experiment) for id, experiment in experiments.items()}
        return [_waiting(row, taken.get(row.id)) for row in waiting]


def _waiting(row: JobRow, duration_seconds: float | None) -> Waiting:
    return Waiting(
        row.id,
        row.kind,
        frozenset(row.needs),
        row.needs_device,
        row.not_before,
        duration_seconds,
        row.num_devices,
    )


def _running(row: JobRow) -> Running:
    return Running(row.kind, row.device, row.started_at, row.progress, row.attempt, tuple(row.also_devices))


def _worker(row: WorkerRow) -> Worker:
    device = f"{row.node}/{row.device}" if row.device else None
    return Worker(frozenset(row.kinds), frozenset(row.capabilities), device)


def _entry(row: JobRow, position: int | None = None, prospect: Prospect | None = None) -> QueueEntry:
    return QueueEntry(
        **dict(row.view()),
        needs=tuple(row.needs),
        run_id=_id_in(row, "run_id"),
        experiment_id=_id_in(row, "experiment_id"),
        position=position,
        waits_for=prospect.waits_for if prospect else "",
        starts_at=prospect.starts_at if prospect else None,
    )


def _id_in(row: JobRow, name: str) -> UUID | None:
    """Of whatever kind the job is: what its specification says it is about."""
    value = row.spec.get(name)
    return UUID(value) if isinstance(value, str) else None
