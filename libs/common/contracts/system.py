"""The system itself: nodes, their devices and how they are, alerts, services."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Fact, Page, PageQuery, Request, View, Within
from libs.common.contracts.jobs import Label

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=0)]
Words = Annotated[str, StringConstraints(max_length=200)]


def _in_our_time(at: datetime) -> datetime:
    """Around the ends of the calendar there is nothing to count with."""
    if not 2000 <= at.year < 2200:
        raise ValueError("must lie between the years 2000 and 2200")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]


class CpuReading(View):
    """All processors together. `energy_joules` counts from when its teller began, as power is summed up."""

    name: Words
    use: Share
    cores: Annotated[tuple[Share, ...], Field(max_length=4096)]
    temperature_celsius: float | None = None
    power_watts: Amount | None = None
    energy_joules: Amount | None = None


class MemoryReading(View):
    total_bytes: Bytes
    used_bytes: Bytes
    swap_total_bytes: Bytes = 0
    swap_used_bytes: Bytes = 0


class DiskReading(View):
    """One disk, and which of our folders (`scratch`, `data`) lie on it; `free` is what we may still use."""

    folders: Annotated[tuple[Label, ...], Field(min_length=1, max_length=20)]
    total_bytes: Bytes
    free_bytes: Bytes


class GpuReading(View):
    """`id` as workers call it, `gpu0`…, in the order of the driver; what the GPU does not tell is None."""

    id: Label
    name: Words
    use: Share | None = None
    memory_total_bytes: Bytes | None = None
    memory_used_bytes: Bytes | None = None
    temperature_celsius: float | None = None
    power_watts: Amount | None = None
    power_limit_watts: Amount | None = None
    fan: Amount | None = None
    energy_joules: Amount | None = None


class NodeReading(View):
    """How a machine is at one moment."""

    cpu: CpuReading
    memory: MemoryReading
    disks: Annotated[tuple[DiskReading, ...], Field(max_length=20)] = ()
    gpus: Annotated[tuple[GpuReading, ...], Field(max_length=64)] = ()
    driver: Words | None = None


# In the place of a node: what is about no machine.
HOUSE: Label = "house"


class AlertKind(StrEnum):
    TEMPERATURE = "temperature"
    DISK = "disk"
    MEMORY = "memory"
    AWAY = "away"
    QUEUE = "queue"


class AlertSeverity(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"


class Alert(View):
    """Something about a node that a person should look at; open until `cleared_at`.

    `part` is `node`, `cpu`, `memory`, `gpu0`…, or `disk-` with the first folder on it. Those about no machine
    are of the node `house`: `queue`, or `queue-` with a kind of jobs.
    """

    id: UUID
    node: str
    part: str
    kind: AlertKind
    severity: AlertSeverity
    message: str
    raised_at: AwareDatetime
    cleared_at: AwareDatetime | None = None


class Device(View):
    """Where a job of a whole device runs: `cpu` or `gpu0`…; memory is None where nobody tells."""

    id: str
    name: str
    memory_bytes: int | None = None
    busy_with: str | None = None
    run_id: UUID | None = None


class Node(View):
    """A machine on which workers ask for work. `reading` is its last; None where only rooms' workers are."""

    name: str
    devices: tuple[Device, ...]
    last_seen_at: AwareDatetime
    is_away: bool = False
    reading: NodeReading | None = None
    alerts: tuple[Alert, ...] = ()


class PartHistory(View):
    """Columns of one part of a node (`cpu`, `swap`, `gpu0`, `disk-scratch`): means; of memory and heat peaks.

    `use` and `memory` are shares of the whole; of `cpu`, `memory` is the machine's.
    """

    part: str
    at: tuple[AwareDatetime, ...]
    use: tuple[float | None, ...]
    memory: tuple[float | None, ...]
    temperature_celsius: tuple[float | None, ...]
    power_watts: tuple[float | None, ...]


class NodeHistory(View):
    """Each point stands for `seconds`; where nothing was told there is none."""

    node: str
    since: AwareDatetime
    until: AwareDatetime
    seconds: int
    parts: tuple[PartHistory, ...]


class ServiceState(View):
    name: str
    ready: bool
    version: str = ""
    instances: int = 0


class SystemView(View):
    version: str
    nodes: tuple[Node, ...]
    services: tuple[ServiceState, ...]
    alerts: tuple[Alert, ...] = ()
    disk_free_bytes: int
    console_url: str


class ListNodes(Request[tuple[Node, ...]], subject="svc.trainer.node.list"):
    """Those that told of themselves within the last days, and those with workers within the last minute.

    `within` limits which work is named; a node is everybody's.
    """

    within: Within = None


class GetNode(Request[Node], subject="svc.trainer.node.get"):
    name: Label
    within: Within = None


class ReadNodeHistory(Request[NodeHistory], subject="svc.trainer.node.history"):
    node: Label
    since: Moment
    until: Moment
    max_points: Annotated[int, Field(ge=10, le=2000)] = 500


class ListAlerts(Request[Page[Alert]], subject="svc.trainer.alert.list"):
    """Newest first; `is_open` None means both."""

    node: Label | None = None
    is_open: bool | None = None
    query: PageQuery = PageQuery()


class Told(View):
    """Whether this teller speaks for its node, and when it is to speak again."""

    is_heard: bool
    next_seconds: float


class TellNode(Request[Told], subject="svc.trainer.node.tell"):
    """From a process on the node; of several on one node one is heard until it falls silent."""

    node: Label
    teller: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]
    reading: NodeReading


class AlertRaised(Fact, noun="alert", past="raised"):
    """Once per alert, and once more when a warning becomes critical."""

    alert_id: UUID
    node: str
    part: str
    kind: AlertKind
    severity: AlertSeverity
    message: str


class AlertCleared(Fact, noun="alert", past="cleared"):
    """What it was raised for is over."""

    alert_id: UUID
    node: str
    part: str
    kind: AlertKind
    message: str
    duration_seconds: float
