"""Several processes that train one network: which one this is, and what they tell each other.

The variables are those of torchrun, whoever started the processes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from libs.common.errors import ModelyardError

# The file in which processes of one machine find each other; with torchrun it is an address.
MEETING_PLACE = "MODELYARD_RANKS_MEET_AT"
T = TypeVar("T")


class OtherRankIsGone(ModelyardError):
    code, status, title, retryable = "rank_gone", 503, "Another training process is gone", True


@dataclass(frozen=True)
class Rank:
    """Number `number` of `world_size`; the `local` ones count on this machine."""

    number: int = 0
    world_size: int = 1
    local_number: int = 0
    local_size: int = 1

    @property
    def is_first(self) -> bool:
        return self.number == 0

    @property
    def is_alone(self) -> bool:
        return self.world_size == 1

    def variables(self) -> dict[str, str]:
        return {
            "RANK": str(self.number),
            "WORLD_SIZE": str(self.world_size),
            "LOCAL_RANK": str(self.local_number),
            "LOCAL_WORLD_SIZE": str(self.local_size),
        }


def own_rank() -> Rank:
    """Alone where nobody said otherwise."""
    world_size = int(os.environ.get("WORLD_SIZE", 1))
    return Rank(
        number=int(os.environ.get("RANK", 0)),
        world_size=world_size,
        local_number=int(os.environ.get("LOCAL_RANK", 0)),
        local_size=int(os.environ.get("LOCAL_WORLD_SIZE", world_size)),
    )


@contextmanager
def joined(rank: Rank, device: torch.device) -> Iterator[None]:
    """All ranks know each other inside the block."""
    if rank.is_alone:
        yield
        return
    place = os.environ.get(MEETING_PLACE)
    distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=f"file://{Path(place).resolve()}" if place else "env://",
        rank=rank.number,
        world_size=rank.world_size,
        device_id=device if device.type == "cuda" else None,
    )
    try:
        yield
    finally:
        distributed.destroy_process_group()


def is_for_want_of_others(error: BaseException) -> bool:
    """gloo raises plain RuntimeErrors."""
    words = ("Connection closed by peer", "Connection reset by peer", "Timed out waiting")
    return distributed.is_initialized() and (
        isinstance(error, distributed.DistError) or any(word in str(error) for word in words)
    )


def gathered(value: T) -> list[T]:
    """Everyone's, in the order of their numbers; the same list everywhere."""
    if not distributed.is_initialized():
        return [value]
    values: list[T | None] = [None] * distributed.get_world_size()
    distributed.all_gather_object(values, value)
    return values  # type: ignore[return-value]  # each has been filled


def mean_of_ranks(value: Tensor) -> Tensor:
    """In place."""
    if distributed.is_initialized():
        distributed.all_reduce(value)
        value /= distributed.get_world_size()
    return value


@torch.no_grad()
def share_statistics(network: nn.Module) -> None:
    """Running statistics of norms become the mean of what each rank has seen."""
    if distributed.is_initialized():
        for buffer in network.buffers():
            if buffer.is_floating_point():
                mean_of_ranks(buffer)
