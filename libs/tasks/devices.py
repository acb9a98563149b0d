"""Which device a process trains on: the worker's, and with several processes those that follow it."""

import os

import torch

from libs.common.errors import BadInput
from libs.tasks.predicting import torch_device
from libs.tasks.ranks import Rank


class DevicesAreMissing(BadInput):
    code, title = "devices_missing", "This machine has fewer devices"


def device_of(name: str, rank: Rank) -> torch.device:
    """Raises DevicesAreMissing where this machine has not one for each of its processes."""
    require_devices(name, rank.local_size)
    first = torch_device(name)
    return first if first.type == "cpu" else torch.device("cuda", first.index + rank.local_number)


def require_devices(name: str, count: int) -> None:
    """On the CPU a process needs a core at least."""
    first = torch_device(name)
    if first.type == "cuda":
        words, there = f"devices from {name} on", max(0, torch.cuda.device_count() - first.index)
    else:
        words, there = "cores", len(os.sched_getaffinity(0))
    if count > there:
        raise DevicesAreMissing(f"{count} {words} are wanted, this machine has {there}")
