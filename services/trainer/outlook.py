"""Why a job waits and when it will start, as far as that can honestly be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.attempts import TrainRun
from libs.common.contracts.jobs import Pool
from libs.common.contracts.queue import QueueSettings
from libs.common.jobs.needs import followers

# Before that the share that is done says little about the time that is left.
TELLING_PROGRESS = 0.05
MOMENT = "a worker takes it in a moment"
TURN = "other jobs come first"


@dataclass(frozen=True)
class Worker:
    """`device` is `<node>/<device>`, or None."""

    kinds: frozenset[str]
    capabilities: frozenset[str]
    device: str | None


@dataclass(frozen=True)
class Running:
    kind: str
    device: str | None
    started_at: datetime | None
    progress: float
    attempt: int
    also: Sequence[str] = ()

    def ends_at(self, now: datetime) -> datetime | None:
        """None for what has hardly begun, and for a later attempt: its first start says nothing."""
        if self.started_at is None or self.attempt > 1 or self.progress < TELLING_PROGRESS:
            return None
        return now + (now - self.started_at) * (1 - self.progress) / self.progress


@dataclass(frozen=True)
class Waiting:
    """`duration_seconds` is what the same work has taken before."""

    id: UUID
    kind: str
    needs: frozenset[str]
    needs_device: bool
    not_before: datetime | None
    duration_seconds: float | None
    num_devices: int = 1


@dataclass(frozen=True)
class Prospect:
    waits_for: str
    starts_at: datetime | None = None


@dataclass
class Outlook:
    """Walks through what waits in its order, and gives each job the place that it would get."""

    now: datetime
    settings: QueueSettings
    workers: Sequence[Worker]
    running: Sequence[Running]
    # When each device is free; None if nobody can say.
    free_at: dict[str, datetime | None] = field(init=False)
    # When the training runs end, by pool.
    ends: dict[Pool, list[datetime | None]] = field(init=False)

    def __post_init__(self) -> None:
        self.free_at = {worker.device: self.now for worker in self.workers if worker.device}
        self.ends = {pool: [] for pool in Pool}
        for job in self.running:
            if job.device is not None:
                self.free_at.update(dict.fromkeys((job.device, *job.also), job.ends_at(self.now)))
            if job.kind == TrainRun.kind:
                self.ends[_pool_of(job.device)].append(job.ends_at(self.now))

    def prospects(self, waiting: Sequence[Waiting]) -> Mapping[UUID, Prospect]:
        return {job.id: self._prospect(job) for job in waiting}

    def _prospect(self, job: Waiting) -> Prospect:
        if job.kind == TrainRun.kind and self.settings.is_paused:
            return Prospect("the queue is paused")
        if job.not_before is not None and job.not_before > self.now:
            return Prospect(f"it is tried again at {job.not_before:%H:%M:%S} UTC")
        fitting = [worker for worker in self.workers if _fits(worker, job)]
        if not fitting:
            return Prospect(_nobody(job))
        if not job.needs_device:
            return Prospect("the next free worker takes it")
        return self._on_a_device(job, fitting)

    def _on_a_device(self, job: Waiting, fitting: Sequence[Worker]) -> Prospect:
        starts = {device: self._start(job, device) for device in _devices(fitting)}
        times = [start for start in starts.values() if start is not None]
        reason = self._reason(job, fitting, times)
        if len(times) < len(starts) and self.now not in times:
            # One of them may be free sooner: who comes after cannot be told anything either.
            self.free_at.update(dict.fromkeys(starts))
            return Prospect(reason)
        device, start = min(((device, start) for device, start in starts.items() if start), key=_by_start)
        self._take(job, device, start)
        return Prospect(reason, start)

    def _start(self, job: Waiting, device: str) -> datetime | None:
        taken = (device, *followers(device, job.num_devices))
        moments = [self.free_at.get(each, self.now) for each in taken]
        if job.kind == TrainRun.kind:
            every = [end for ends in self.ends.values() for end in ends]
            moments.append(self._place(every, self.settings.max_running))
            pool = _pool_of(device)
            moments.append(self._place(self.ends[pool], self.settings.max_running_by_pool.get(pool)))
        return None if None in moments else max(moment for moment in moments if moment)

    def _place(self, ends: Sequence[datetime | None], limit: int | None) -> datetime | None:
        """When fewer than `limit` go on."""
        if limit is None or len(ends) < limit:
            return self.now
        known = sorted(end for end in ends if end is not None)
        return known[len(ends) - limit] if len(known) == len(ends) else None

    def _take(self, job: Waiting, device: str, start: datetime) -> None:
        seconds = job.duration_seconds
        end = None if seconds is None else start + timedelta(seconds=seconds)
        self.free_at.update(dict.fromkeys((device, *followers(device, job.num_devices)), end))
        if job.kind == TrainRun.kind:
            self.ends[_pool_of(device)].append(end)

    def _reason(self, job: Waiting, fitting: Sequence[Worker], times: Sequence[datetime]) -> str:
        if self.now in times:
            return MOMENT
        if job.kind == TrainRun.kind and (full := self._full(fitting)):
            return full
        is_busy = _devices(fitting) <= {each.device for each in self.running}
        return "every device that fits is busy" if is_busy else TURN

    def _full(self, fitting: Sequence[Worker]) -> str:
        """Only what runs counts: who waits for those before it waits for its turn."""
        running = [_pool_of(each.device) for each in self.running if each.kind == TrainRun.kind]
        limit = self.settings.max_running
        if limit is not None and len(running) >= limit:
            return f"the limit is reached: {len(running)} of {limit} runs at once"
        limits = self.settings.max_running_by_pool
        pools = {_pool_of(device) for device in _devices(fitting)}
        if all(pool in limits and running.count(pool) >= limits[pool] for pool in pools):
            return "the limit is reached: " + " and ".join(
                f"{limits[pool]} on {pool}" for pool in sorted(pools)
            )
        return ""


def _fits(worker: Worker, job: Waiting) -> bool:
    has_device = worker.device is not None or not job.needs_device
    return has_device and job.kind in worker.kinds and job.needs <= worker.capabilities


def _nobody(job: Waiting) -> str:
    if job.num_devices > 1:
        return f"no worker with {job.num_devices} devices is here"
    numbered = next((need for need in job.needs if need.startswith("gpu") and need != "gpu"), None)
    if numbered:
        return f"no worker with GPU {numbered.removeprefix('gpu')} is here"
    if "gpu" in job.needs:
        return "no worker with a GPU is here"
    if "cpu" in job.needs:
        return "no worker with a CPU slot is here"
    return "no worker for this is here"


def _devices(workers: Sequence[Worker]) -> set[str]:
    return {worker.device for worker in workers if worker.device}


def _pool_of(device: str | None) -> Pool:
    return Pool.GPU if "/gpu" in (device or "") else Pool.CPU


def _by_start(pair: tuple[str, datetime]) -> tuple[datetime, str]:
    return pair[1], pair[0]
