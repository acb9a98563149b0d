"""The machines: the last that each has told of itself, and what of it is worth an alert."""

from collections import Counter

from prometheus_client import Gauge

from libs.common.contracts.base import now
from libs.common.contracts.system import GpuReading, Node, NodeReading
from libs.common.room import Resources
from services.trainer.settings import Settings
from services.trainer.unit import open_service

ALERTS = Gauge("modelyard_alerts_open", "About machines", ["kind", "severity"])
AWAY = Gauge("modelyard_node_away", "1 for a machine that has told nothing lately", ["node"])
CPU = Gauge("modelyard_node_cpu_use", "Share of all processors", ["node"])
MEMORY = Gauge("modelyard_node_memory_bytes", "`what` is used or total", ["node", "what"])
DISK = Gauge("modelyard_node_disk_bytes", "`what` is free or total", ["node", "folder", "what"])
GPU = Gauge("modelyard_gpu_use", "Share of the time in which it computes", ["node", "gpu"])
GPU_MEMORY = Gauge("modelyard_gpu_memory_bytes", "`what` is used or total", ["node", "gpu", "what"])
GPU_CELSIUS = Gauge("modelyard_gpu_temperature_celsius", "How hot it is", ["node", "gpu"])
GPU_WATTS = Gauge("modelyard_gpu_power_watts", "What it draws", ["node", "gpu"])
ALL = (ALERTS, AWAY, CPU, MEMORY, DISK, GPU, GPU_MEMORY, GPU_CELSIUS, GPU_WATTS)


async def measure_nodes(resources: Resources[Settings]) -> None:
    for gauge in ALL:
        gauge.clear()
    async with resources.database.transaction() as session:
        nodes = await open_service(resources, session).nodes.list_nodes(now())
    for node in nodes:
        AWAY.labels(node.name).set(node.is_away)
        if node.reading is not None and not node.is_away:
            _set_machine(node.name, node.reading)
    for (kind, severity), number in Counter(_alerts(nodes)).items():
        ALERTS.labels(kind, severity).set(number)


def _alerts(nodes: tuple[Node, ...]) -> list[tuple[str, str]]:
    return [(alert.kind.value, alert.severity.value) for node in nodes for alert in node.alerts]


def _set_machine(node: str, reading: NodeReading) -> None:
    CPU.labels(node).set(reading.cpu.use)
    MEMORY.labels(node, "used").set(reading.memory.used_bytes)
    MEMORY.labels(node, "total").set(reading.memory.total_bytes)
    for disk in reading.disks:
        DISK.labels(node, disk.folders[0], "free").set(disk.free_bytes)
        DISK.labels(node, disk.folders[0], "total").set(disk.total_bytes)
    for gpu in reading.gpus:
        _set_gpu(node, gpu)


def _set_gpu(node: str, gpu: GpuReading) -> None:
    """What it does not tell is missing, not nought."""
    told = (
        (GPU, gpu.use, ()),
        (GPU_MEMORY, gpu.memory_used_bytes, ("used",)),
        (GPU_MEMORY, gpu.memory_total_bytes, ("total",)),
        (GPU_CELSIUS, gpu.temperature_celsius, ()),
        (GPU_WATTS, gpu.power_watts, ()),
    )
    for gauge, value, what in told:
        if value is not None:
            gauge.labels(node, gpu.id, *what).set(value)
