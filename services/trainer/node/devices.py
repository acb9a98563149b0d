"""How many devices of this machine a job can have together."""

import os
from collections.abc import Mapping

import pynvml


def num_devices_from(device: str, environment: Mapping[str, str] = os.environ) -> int:
    """`gpu1` and those behind it; on the CPU a process needs a core at least."""
    number = device.removeprefix("gpu")
    if number == device:
        return len(os.sched_getaffinity(0))
    return max(1, _num_gpus(environment) - int(number))


def _num_gpus(environment: Mapping[str, str]) -> int:
    """Those that a training would see: CUDA counts the ones it is shown."""
    shown = environment.get("CUDA_VISIBLE_DEVICES")
    if shown is not None:
        return len([each for each in shown.split(",") if each.strip()])
    try:
        pynvml.nvmlInit()
        try:
            return pynvml.nvmlDeviceGetCount()
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return 0
