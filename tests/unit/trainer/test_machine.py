"""The readings of the machine that runs this."""

import time
from pathlib import Path

import psutil

from services.trainer.node.machine import Machine


def test_this_machine_tells_of_its_processors_memory_and_disks(tmp_path: Path) -> None:
    machine = Machine({"scratch": tmp_path / "not made yet", "data": tmp_path, "kernel": Path("/proc")})
    machine.start()
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        pass

    told = machine.read()

    assert len(told.cpu.cores) == psutil.cpu_count()
    assert 0 < told.cpu.use <= 1 and max(told.cpu.cores) > 0.5
    assert told.cpu.name
    assert told.memory.total_bytes == psutil.virtual_memory().total
    assert 0 < told.memory.used_bytes < told.memory.total_bytes
    shared, kernel = told.disks
    assert shared.folders == ("scratch", "data")
    assert 0 <= shared.free_bytes <= shared.total_bytes
    assert kernel.folders == ("kernel",)
