"""What about a machine is worth an alert: limits, and margins so that a value at its limit does not flap."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from libs.common.contracts.system import AlertKind, AlertSeverity, DiskReading, NodeReading
from libs.common.jobs.backlog import Backlog
from services.trainer.settings import AlertSettings

GB = 10**9
# A disk has to have a quarter more than its limit before it counts as well again.
DISK_MARGIN = 0.25
QUEUE_MARGIN = 0.1
# A kind of jobs, and the pool of the worker that asks for them.
Served = tuple[str, str]


@dataclass(frozen=True)
class Limit:
    """`excess` is how far beyond the limit, negative below it; the alert lasts until it is `margin` below."""

    severity: AlertSeverity
    excess: float
    margin: float

    def holds(self, severity: AlertSeverity | None) -> bool:
        """`severity` is what the alert has already, if it is open."""
        is_raised = severity is self.severity or severity is AlertSeverity.CRITICAL
        return self.excess >= (-self.margin if is_raised else 0)


@dataclass(frozen=True)
class Watched:
    """One thing that is looked at; of its limits the first that holds counts."""

    part: str
    kind: AlertKind
    limits: tuple[Limit, ...]
    words: str

    def severity(self, before: AlertSeverity | None) -> AlertSeverity | None:
        return next((limit.severity for limit in self.limits if limit.holds(before)), None)


def watched(reading: NodeReading, settings: AlertSettings) -> Iterator[Watched]:
    """What is not told is not watched."""
    cpu, memory = reading.cpu, reading.memory
    if cpu.temperature_celsius is not None:
        yield _temperature("cpu", "The processor", cpu.temperature_celsius, settings)
    for gpu in reading.gpus:
        if gpu.temperature_celsius is not None:
            yield _temperature(gpu.id, f"{gpu.id} ({gpu.name})", gpu.temperature_celsius, settings)
    for disk in reading.disks:
        if disk.total_bytes:
            yield _disk(disk, settings)
    if memory.total_bytes:
        yield _memory(memory.used_bytes / memory.total_bytes, settings)


def watched_queue(
    backlogs: Iterable[Backlog], served: Collection[Served], settings: AlertSettings
) -> Iterator[Watched]:
    """`served` are kinds and pools that workers ask jobs of; jobs of the pool `any` go to all of a kind."""
    waiting = [each for each in backlogs if each.state == "queued"]
    for kind in sorted({each.kind for each in waiting}):
        of_kind = [each for each in waiting if each.kind == kind]
        unserved = [each.seconds for each in of_kind if not _is_served(each, served)]
        longest = max(each.seconds for each in of_kind)
        limits = (
            *_reached(AlertSeverity.CRITICAL, max(unserved, default=None), settings.queue_stuck_seconds),
            *_reached(AlertSeverity.WARNING, longest, settings.queue_waiting_seconds),
        )
        why = ", and no worker asks for it" if unserved else ""
        yield Watched(f"queue-{kind}", AlertKind.QUEUE, limits, f"A job ({kind}) waits {_long(longest)}{why}")
    number = sum(each.number for each in waiting)
    many = _reached(AlertSeverity.WARNING, number, settings.queue_waiting_jobs, QUEUE_MARGIN)
    yield Watched("queue", AlertKind.QUEUE, many, f"{number:,} jobs wait")


def _is_served(backlog: Backlog, served: Collection[Served]) -> bool:
    return any(kind == backlog.kind and backlog.pool in ("any", pool) for kind, pool in served)


def _reached(
    severity: AlertSeverity, value: float | None, limit: float | None, margin_share: float = 0.0
) -> tuple[Limit, ...]:
    if value is None or limit is None:
        return ()
    return (Limit(severity, value - limit, margin_share * limit),)


def _long(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.0f} minutes"


def _temperature(part: str, name: str, celsius: float, settings: AlertSettings) -> Watched:
    limits = (
        (AlertSeverity.CRITICAL, settings.temperature_critical_celsius),
        (AlertSeverity.WARNING, settings.temperature_warning_celsius),
    )
    return Watched(
        part,
        AlertKind.TEMPERATURE,
        tuple(Limit(severity, celsius - at, settings.temperature_margin_celsius) for severity, at in limits),
        f"{name} is {celsius:.0f} °C hot",
    )


def _disk(disk: DiskReading, settings: AlertSettings) -> Watched:
    few, small = settings.disk_critical_bytes, settings.disk_warning_share * disk.total_bytes
    limits = (
        Limit(AlertSeverity.CRITICAL, few - disk.free_bytes, DISK_MARGIN * few),
        Limit(AlertSeverity.WARNING, small - disk.free_bytes, DISK_MARGIN * small),
    )
    size = f"{disk.free_bytes / GB:.1f} of {disk.total_bytes / GB:.0f} GB"
    words = f"{size} are free for {' and '.join(disk.folders)}"
    return Watched(f"disk-{disk.folders[0]}", AlertKind.DISK, limits, words)


def _memory(share: float, settings: AlertSettings) -> Watched:
    limit = Limit(AlertSeverity.WARNING, share - settings.memory_warning_share, settings.memory_margin_share)
    return Watched("memory", AlertKind.MEMORY, (limit,), f"Its memory is {share:.0%} full")
