"""Processors, memory and disks of this machine, and its GPUs with them."""

import os
import platform
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from libs.common.contracts.system import CpuReading, DiskReading, MemoryReading, NodeReading
from services.trainer.node.energy import CpuEnergy
from services.trainer.node.gpus import Gpus

# What the drivers of processors call themselves among the other sensors of a machine.
CPU_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal")


class Machine:
    """Blocking, and always from the same thread: use is counted since that thread's last look."""

    def __init__(self, folders: Mapping[str, Path], gpus: Gpus | None = None) -> None:
        """`folders` by what is kept there: `scratch`, `data`."""
        self._folders = folders
        self._gpus = gpus or Gpus()
        self._energy = CpuEnergy()
        self._name = _cpu_name()

    def start(self) -> None:
        """The first look at use tells nothing yet."""
        psutil.cpu_percent(percpu=True)
        self._cpu()

    def read(self) -> NodeReading:
        gpus = self._gpus.read()
        return NodeReading(
            cpu=self._cpu(),
            memory=_memory(),
            disks=_disks(self._folders),
            gpus=gpus,
            driver=self._gpus.driver(),
        )

    def _cpu(self) -> CpuReading:
        cores = tuple(min(1.0, percent / 100) for percent in psutil.cpu_percent(percpu=True))
        joules = self._energy.joules()
        return CpuReading(
            name=self._name,
            use=sum(cores) / max(1, len(cores)),
            cores=cores,
            temperature_celsius=_cpu_temperature(),
            power_watts=self._energy.watts(joules, time.monotonic()),
            energy_joules=joules,
        )


def _memory() -> MemoryReading:
    """Used is what is not available: caches that would make room do not count."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return MemoryReading(
        total_bytes=memory.total,
        used_bytes=memory.total - memory.available,
        swap_total_bytes=swap.total,
        swap_used_bytes=swap.used,
    )


def _disks(folders: Mapping[str, Path]) -> tuple[DiskReading, ...]:
    """One per disk, however many of the folders lie on it."""
    found: dict[int, tuple[list[str], Path]] = {}
    for name, folder in folders.items():
        if (existing := _existing(folder)) is not None:
            found.setdefault(existing.stat().st_dev, ([], existing))[0].append(name)
    return tuple(_disk(tuple(names), path) for names, path in found.values())


def _disk(names: tuple[str, ...], path: Path) -> DiskReading:
    usage = shutil.disk_usage(path)
    return DiskReading(folders=names, total_bytes=usage.total, free_bytes=usage.free)


def _existing(folder: Path) -> Path | None:
    """The folder itself is made with the first job."""
    resolved = folder.resolve()
    return next(
        (path for path in (resolved, *resolved.parents) if path.exists() and os.access(path, os.R_OK)), None
    )


def _cpu_temperature() -> float | None:
    """The hottest of them; many virtual machines, and all but Linux, tell none."""
    sensors = getattr(psutil, "sensors_temperatures", dict)()
    found = [each.current for name in CPU_SENSORS for each in sensors.get(name, ()) if each.current]
    return max(found, default=None)


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())[:200]
