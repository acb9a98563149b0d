"""Nodes: what they tell of themselves, how they are and were, and what their devices use for runs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from libs.common.contracts.queue import DeviceNeeds
from libs.common.contracts.system import (
    Device,
    GetNode,
    Node,
    NodeHistory,
    NodeReading,
    PartHistory,
    ReadNodeHistory,
    TellNode,
    Told,
)
from libs.common.db.within import Within
from libs.common.errors import BadInput, Problem
from services.trainer.errors import NodeNotFound
from services.trainer.models import AlertRow, NodeRow, WorkerRow
from services.trainer.repository import Repository
from services.trainer.repository.readings import COARSE_SECONDS, FINE_SECONDS, Figures
from services.trainer.repository.workers import PRESENT_FOR
from services.trainer.service.alerts import Alerts
from services.trainer.service.devices import require_device
from services.trainer.settings import NodeLimits

# A worker of any room that asks for work, and what its device is busy with.
Present = tuple[WorkerRow, str | None]
# Nodes come and go where containers are machines of their own.
FORGOTTEN_AFTER = timedelta(days=7)
# Of several processes on one node another one speaks when the first has been silent for so many readings.
SILENT_READINGS = 5
# From here on summaries do: a day of a node with eight GPUs is read in a third of the time.
FINE_UP_TO_SECONDS = COARSE_SECONDS / 3


class Nodes:
    def __init__(self, repository: Repository, alerts: Alerts, limits: NodeLimits) -> None:
        self._repository = repository
        self._alerts = alerts
        self._limits = limits

    async def require_device(self, device: str, kind: str) -> DeviceNeeds:
        return DeviceNeeds(needs=await require_device(self._repository.workers, device, kind))

    async def tell(self, wanted: TellNode, at: datetime) -> Told:
        """Of several processes on a node one is heard; the others ask now and then whether it still is."""
        known = await self._repository.nodes.lock(wanted.node)
        takeover = timedelta(seconds=SILENT_READINGS * self._limits.reading_seconds)
        if known is not None and known.teller != wanted.teller and at - known.told_at < takeover:
            return Told(is_heard=False, next_seconds=takeover.total_seconds())
        await self._repository.nodes.put(wanted.node, wanted.teller, at, wanted.reading)
        if known is not None:
            await self._count_energy(known, wanted)
        began = _floor(at, FINE_SECONDS)
        if known is None or known.told_at < began:
            await self._repository.readings.add(wanted.node, began, dict(_parts(wanted.reading)))
        await self._alerts.look(wanted.node, wanted.reading, at)
        if known is not None and self._is_away(known, at):
            await self._alerts.welcome_back(wanted.node, at)
        return Told(is_heard=True, next_seconds=self._limits.reading_seconds)

    async def list_nodes(self, at: datetime, within: Within = None) -> tuple[Node, ...]:
        told = {row.name: row for row in await self._repository.nodes.all_nodes()}
        present: dict[str, list[Present]] = defaultdict(list)
        for worker, title in await self._repository.workers.present(at - PRESENT_FOR, within):
            present[worker.node].append((worker, title))
        runs = await self._repository.nodes.runs_at_work(within)
        alerts: dict[str, list[AlertRow]] = defaultdict(list)
        for alert in await self._repository.alerts.open_alerts():
            alerts[alert.node].append(alert)
        return tuple(
            self._view(name, told.get(name), present[name], runs, alerts[name], at)
            for name in sorted(told.keys() | present.keys())
        )

    async def get(self, wanted: GetNode, at: datetime) -> Node:
        nodes = await self.list_nodes(at, wanted.within)
        found = next((node for node in nodes if node.name == wanted.name), None)
        if found is None:
            raise NodeNotFound(f"no node {wanted.name!r} has told of itself")
        return found

    async def history(self, wanted: ReadNodeHistory, at: datetime) -> NodeHistory:
        """Coarser than kept where that would be more than `max_points`; never finer."""
        if wanted.until <= wanted.since:
            problem = Problem(field="until", message="must be later than since")
            raise BadInput("a period ends after it begins", errors=[problem])
        if await self._repository.nodes.get(wanted.node) is None:
            raise NodeNotFound(f"no node {wanted.node!r} has told of itself")
        kept, width = self._resolution(wanted, at)
        since = _floor(wanted.since, width)
        rows = await self._repository.readings.read(wanted.node, kept, since, wanted.until, width)
        parts = [_history(part, list(found)) for part, found in groupby(rows, lambda row: row.part)]
        return NodeHistory(
            node=wanted.node, since=since, until=wanted.until, seconds=width, parts=tuple(parts)
        )

    async def keep_house(self, at: datetime) -> None:
        """Old readings are summed up; older ones, old alerts and nodes gone for good are forgotten."""
        await self._repository.readings.sum_up(at)
        await self._repository.readings.forget(FINE_SECONDS, at - self._limits.readings_kept)
        await self._repository.readings.forget(COARSE_SECONDS, at - self._limits.summaries_kept)
        await self._repository.alerts.forget(at - self._limits.summaries_kept)
        for name in await self._repository.nodes.forget(at - FORGOTTEN_AFTER):
            await self._repository.readings.forget_nodes([name])
            await self._alerts.close_all(name, at)

    def _is_away(self, row: NodeRow, at: datetime) -> bool:
        return at - row.told_at >= self._limits.away_after

    def _resolution(self, wanted: ReadNodeHistory, at: datetime) -> tuple[int, int]:
        """Seconds of the rows to read, and of the stretches to make of them."""
        needed = (wanted.until - wanted.since).total_seconds() / wanted.max_points
        is_fine = needed < FINE_UP_TO_SECONDS and wanted.since >= at - self._limits.readings_kept
        kept = FINE_SECONDS if is_fine else COARSE_SECONDS
        return kept, max(1, int(-(-needed // kept))) * kept

    async def _count_energy(self, known: NodeRow, wanted: TellNode) -> None:
        """What was used since the last reading, to whoever has the device now: at its ends a run may be
        given, or spared, as much as one reading's worth."""
        if known.teller != wanted.teller:
            return
        before = dict(_energies(NodeReading.model_validate(known.reading)))
        for device, joules in _energies(wanted.reading):
            used = joules - before.get(device, joules)
            if used > 0:
                await self._repository.nodes.add_energy(wanted.node, device, used)

    def _view(
        self,
        name: str,
        row: NodeRow | None,
        workers: Sequence[Present],
        runs: Mapping[str, UUID],
        alerts: Sequence[AlertRow],
        at: datetime,
    ) -> Node:
        seen = [worker.last_seen_at for worker, _ in workers] + ([row.told_at] if row else [])
        reading = NodeReading.model_validate(row.reading) if row else None
        return Node(
            name=name,
            devices=_devices(workers, runs, reading),
            last_seen_at=max(seen),
            is_away=row is not None and self._is_away(row, at),
            reading=reading,
            alerts=tuple(alert.view() for alert in alerts),
        )


def _devices(
    workers: Sequence[Present], runs: Mapping[str, UUID], reading: NodeReading | None
) -> tuple[Device, ...]:
    """Workers of several rooms take turns on one device."""
    served = {worker.device: (worker, title) for worker, title in workers if worker.device}
    known = dict(_told_devices(reading)) if reading else {}
    return tuple(
        Device(
            id=id,
            name=known[id][0] if id in known else id.upper(),
            memory_bytes=known[id][1] if id in known else None,
            busy_with=title,
            run_id=runs.get(f"{worker.node}/{id}"),
        )
        for id, (worker, title) in sorted(served.items())
    )


def _told_devices(reading: NodeReading) -> Iterator[tuple[str, tuple[str, int | None]]]:
    yield "cpu", (reading.cpu.name, reading.memory.total_bytes)
    for gpu in reading.gpus:
        yield gpu.id, (gpu.name, gpu.memory_total_bytes)


def _energies(reading: NodeReading) -> Iterator[tuple[str, float]]:
    for device, joules in (
        ("cpu", reading.cpu.energy_joules),
        *((gpu.id, gpu.energy_joules) for gpu in reading.gpus),
    ):
        if joules is not None:
            yield device, joules


def _parts(reading: NodeReading) -> Iterator[tuple[str, Figures]]:
    """As they are kept: a processor's memory is the machine's."""
    cpu, memory = reading.cpu, reading.memory
    used = _share(memory.used_bytes, memory.total_bytes)
    yield "cpu", Figures(cpu.use, used, cpu.temperature_celsius, cpu.power_watts)
    if memory.swap_total_bytes:
        yield "swap", Figures(memory=_share(memory.swap_used_bytes, memory.swap_total_bytes))
    for gpu in reading.gpus:
        share = _share(gpu.memory_used_bytes, gpu.memory_total_bytes)
        yield gpu.id, Figures(gpu.use, share, gpu.temperature_celsius, gpu.power_watts)
    for disk in reading.disks:
        taken = disk.total_bytes - disk.free_bytes
        yield f"disk-{disk.folders[0]}", Figures(use=_share(taken, disk.total_bytes))


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


def _history(part: str, rows: Sequence) -> PartHistory:
    return PartHistory(
        part=part,
        at=tuple(row.began for row in rows),
        use=tuple(row.use for row in rows),
        memory=tuple(row.memory for row in rows),
        temperature_celsius=tuple(row.temperature_celsius for row in rows),
        power_watts=tuple(row.power_watts for row in rows),
    )


def _floor(at: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)
