"""`modelyard system`"""

import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, console, document, made_table, plain
from libs.common.contracts.system import Alert, DiskReading, GpuReading, Node, NodeReading, SystemView

EVERY_SECONDS = 2.0
GIB, GB = 2**30, 10**9


def show_system(
    watch: Annotated[bool, typer.Option("--watch", help="Again every two seconds, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Nodes, their devices, disks and alerts, and the rooms."""
    with Modelyard() as yard:
        if as_json:
            document(yard.system())
        elif watch:
            follow(yard)
        else:
            console.print(tables(yard.system()))


def follow(yard: Modelyard) -> None:
    try:
        with Live(tables(yard.system()), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(EVERY_SECONDS)
                live.update(tables(yard.system()), refresh=True)
    except KeyboardInterrupt:
        return


def tables(system: SystemView) -> Table:
    shown = Table.grid(padding=(0, 0, 1, 0))
    shown.add_row(made_table((row for node in system.nodes for row in parts(node)), *COLUMNS))
    if system.alerts:
        shown.add_row(made_table(map(_alert, system.alerts), "alert", "node", "what", "since"))
    shown.add_row(plain(f"Modelyard {system.version}: {rooms(system)}"))
    return shown


COLUMNS = ("node", "part", "use", "memory", "temperature", "power", "busy with")


def parts(node: Node) -> Iterator[tuple[object, ...]]:
    """A row for the processors, one for each GPU and disk."""
    busy_with = {device.id: device.busy_with or "free" for device in node.devices}
    if node.is_away:
        yield node.name, f"away since {node.last_seen_at:%Y-%m-%d %H:%M:%S} UTC", *[""] * 5
        return
    if node.reading is None:
        yield from ((node.name, device.id, *[""] * 4, busy_with[device.id]) for device in node.devices)
        return
    yield (node.name, *_cpu(node.reading), busy_with.get("cpu", ""))
    for gpu in node.reading.gpus:
        yield ("", *_gpu(gpu), busy_with.get(gpu.id, ""))
    for disk in node.reading.disks:
        yield ("", *_disk(disk), "")


def _alert(alert: Alert) -> tuple[object, ...]:
    return alert.severity, alert.node, alert.message, f"{alert.raised_at:%Y-%m-%d %H:%M:%S} UTC"


def _cpu(reading: NodeReading) -> tuple[object, ...]:
    cpu, memory = reading.cpu, reading.memory
    used = _of(memory.used_bytes, memory.total_bytes)
    return (
        f"cpu ({len(cpu.cores)} cores)",
        _share(cpu.use),
        used,
        _degrees(cpu.temperature_celsius),
        _watts(cpu.power_watts),
    )


def _gpu(gpu: GpuReading) -> tuple[object, ...]:
    used = _of(gpu.memory_used_bytes, gpu.memory_total_bytes)
    name = f"{gpu.id} ({gpu.name})"
    return name, _share(gpu.use), used, _degrees(gpu.temperature_celsius), _watts(gpu.power_watts)


def _disk(disk: DiskReading) -> tuple[object, ...]:
    free = f"{disk.free_bytes / GB:.1f} of {disk.total_bytes / GB:.1f} GB free"
    return f"disk of {', '.join(disk.folders)}", "", free, "", ""


def rooms(system: SystemView) -> str:
    missing = [service.name for service in system.services if not service.ready]
    return f"{', '.join(missing)} away" if missing else "all rooms are there"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _of(used: int | None, total: int | None) -> str:
    return "" if used is None or not total else f"{used / GIB:.1f} of {total / GIB:.1f} GiB"


def _degrees(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} °C"


def _watts(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} W"
