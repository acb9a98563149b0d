"""A node's reading as meters, with the course of the last minutes and the colour of its alerts."""

from collections.abc import Iterator, Sequence

from comp.meters import Level, Meter

from libs.common.contracts.system import (
    AlertKind,
    DiskReading,
    GpuReading,
    Node,
    NodeHistory,
    NodeReading,
    PartHistory,
)
from ui.states import size

GIB, GB = 2**30, 10**9
Courses = dict[str, PartHistory]


def courses_of(history: NodeHistory) -> Courses:
    return {part.part: part for part in history.parts}


def machine_meters(node: Node, reading: NodeReading, courses: Courses) -> Iterator[Meter]:
    cpu, memory, course = reading.cpu, reading.memory, courses.get("cpu")
    yield Meter("CPU", _percent(cpu.use), cpu.use, cpu.name, course=course.use if course else ())
    yield Meter("Cores", str(len(cpu.cores)), detail="each from 0 to 100 %", bars=cpu.cores)
    used = memory.used_bytes / max(1, memory.total_bytes)
    yield Meter(
        "Memory",
        _percent(used),
        used,
        _of(memory.used_bytes, memory.total_bytes),
        level_of(node, "memory", AlertKind.MEMORY),
        course.memory if course else (),
    )
    if memory.swap_total_bytes:
        swapped = memory.swap_used_bytes / memory.swap_total_bytes
        yield Meter("Swap", _percent(swapped), swapped, _of(memory.swap_used_bytes, memory.swap_total_bytes))
    yield from _heat_and_power(node, "cpu", cpu.temperature_celsius, cpu.power_watts, None, course)
    for disk in reading.disks:
        yield disk_meter(node, disk)


def gpu_meters(node: Node, gpu: GpuReading, courses: Courses) -> Iterator[Meter]:
    """What the GPU does not tell has no tile."""
    course = courses.get(gpu.id)
    if gpu.use is not None:
        yield Meter("GPU", _percent(gpu.use), gpu.use, gpu.id, course=course.use if course else ())
    if gpu.memory_used_bytes is not None and gpu.memory_total_bytes:
        share = gpu.memory_used_bytes / gpu.memory_total_bytes
        told = _of(gpu.memory_used_bytes, gpu.memory_total_bytes)
        yield Meter("GPU memory", _percent(share), share, told, course=course.memory if course else ())
    yield from _heat_and_power(
        node, gpu.id, gpu.temperature_celsius, gpu.power_watts, gpu.power_limit_watts, course
    )
    if gpu.fan is not None:
        yield Meter("Fan", _percent(gpu.fan), min(1.0, gpu.fan), gpu.id)


def disk_meter(node: Node, disk: DiskReading) -> Meter:
    used = 1 - disk.free_bytes / disk.total_bytes if disk.total_bytes else 0.0
    return Meter(
        f"Disk of {', '.join(disk.folders)}",
        f"{_room(disk.free_bytes)} free",
        used,
        f"of {size(disk.total_bytes)}",
        level_of(node, f"disk-{disk.folders[0]}", AlertKind.DISK),
    )


def level_of(node: Node, part: str, kind: AlertKind) -> Level:
    found = [alert.severity.value for alert in node.alerts if (alert.part, alert.kind) == (part, kind)]
    return found[0] if found else "well"


def _heat_and_power(
    node: Node,
    part: str,
    celsius: float | None,
    watts: float | None,
    limit_watts: float | None,
    course: PartHistory | None,
) -> Iterator[Meter]:
    if celsius is not None:
        yield Meter(
            "Temperature",
            f"{celsius:.0f} °C",
            _within(celsius, 100),
            part,
            level_of(node, part, AlertKind.TEMPERATURE),
            _scaled(course.temperature_celsius, 100) if course else (),
        )
    if watts is not None:
        most = limit_watts or max([watts, *(value or 0 for value in (course.power_watts if course else ()))])
        yield Meter(
            "Power",
            f"{watts:.0f} W",
            _within(watts, limit_watts) if limit_watts else None,
            f"of {limit_watts:.0f} W" if limit_watts else part,
            course=_scaled(course.power_watts, most) if course else (),
        )


def _scaled(values: Sequence[float | None], most: float) -> tuple[float | None, ...]:
    return tuple(None if value is None else _within(value, most) for value in values)


def _within(value: float, most: float) -> float:
    return min(1.0, max(0.0, value / most)) if most else 0.0


def _room(free_bytes: int) -> str:
    """Of the last gigabytes the tenths count."""
    return f"{free_bytes / GB:.1f} GB" if GB <= free_bytes < 10 * GB else size(free_bytes)


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _of(used: int, total: int) -> str:
    return f"{used / GIB:.1f} of {total / GIB:.1f} GiB"
