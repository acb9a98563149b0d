"""What a run is carried out with: asked of installed packages, so that no worker loads torch for it."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

import pynvml

from libs.common.contracts.runs import RunEnvironment
from libs.tasks.registry import GROUP

OWN = "modelyard"


def environment_of(device: str) -> RunEnvironment:
    """`device` is a worker's: `cpu` or `gpu0`."""
    return RunEnvironment(
        code_version=version(OWN),
        python=platform.python_version(),
        torch=_version("torch"),
        platform=platform.platform(),
        device_name=_device_name(device),
        packages=_task_packages(),
    )


@cache
def _task_packages() -> dict[str, str]:
    found = {point.dist.name: point.dist.version for point in entry_points(group=GROUP) if point.dist}
    return {name: found[name] for name in sorted(found) if name != OWN}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


@cache
def _device_name(device: str) -> str:
    number = device.removeprefix("gpu")
    return _gpu_name(int(number)) if device != number and number.isdecimal() else _cpu_name()


def _gpu_name(number: int) -> str:
    try:
        pynvml.nvmlInit()
        try:
            return str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(number)))
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return f"GPU {number}"


def _cpu_name() -> str:
    """In the kernel's words; elsewhere than on Linux the architecture must do."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
