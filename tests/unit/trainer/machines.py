"""Readings with defaults for all that does not matter in a test."""

from typing import Any

from libs.common.contracts.system import CpuReading, DiskReading, GpuReading, MemoryReading, NodeReading

GB = 10**9


def reading(
    *,
    cpu: dict[str, Any] | None = None,
    used_bytes: int = 4 * GB,
    free_bytes: int = 200 * GB,
    gpu: dict[str, Any] | None = None,
) -> NodeReading:
    """A machine that is well; with a GPU where something is said of one."""
    fields: dict[str, Any] = {"name": "Eight cores", "use": 0.5, "cores": (0.25, 0.75)}
    gpus = (GpuReading(**{"id": "gpu0", "name": "NVIDIA T4"} | gpu),) if gpu is not None else ()
    return NodeReading(
        cpu=CpuReading(**fields | (cpu or {})),
        memory=MemoryReading(total_bytes=16 * GB, used_bytes=used_bytes),
        disks=(DiskReading(folders=("scratch", "data"), total_bytes=500 * GB, free_bytes=free_bytes),),
        gpus=gpus,
    )
