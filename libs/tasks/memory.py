"""What memory a training needs, found before its first step, and what it should do when that is too much."""

import copy
import math
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from libs.common.contracts.packages import ImageInput
from libs.common.errors import ModelyardError
from libs.tasks import free_memory
from libs.tasks.config import TrainingConfig

# An estimate so much above what is free is no misjudgement.
CLEARLY = 1.5
# Of what is free, what an advised batch may take: the estimate knows no fragments.
ADVISED_SHARE = 0.9
# Where a batch failed that should have fitted, the advice stays below it.
BELOW_A_FAILURE = 0.75
# Backward keeps gradients of activations beside the activations: about so much more at its worst.
BACKWARD = 1.3
# What autocast saves in 16 bits; norms and losses stay in 32.
MIXED = 0.6
# Copies of a decoded image on its way: as bytes, as floats, augmented, normalised.
FLOATS_PER_PIXEL = 3.25
PROBE_SAMPLES = 2
UNITS = ("B", "KB", "MB", "GB", "TB")


class OutOfMemory(ModelyardError):
    code, status, title = "out_of_memory", 422, "The device has too little memory"


class NotEnoughMemory(OutOfMemory):
    """Seen before the first step."""


@dataclass(frozen=True)
class Need:
    """Bytes; `fixed` is there for a batch of any size."""

    fixed: int
    per_sample: int

    def of(self, batch_size: int) -> int:
        return self.fixed + batch_size * self.per_sample

    def fitting(self, free: int) -> int:
        """The largest batch, 0 where none fits; a power of two, as no estimate is more exact than that."""
        samples = (ADVISED_SHARE * free - self.fixed) / max(1, self.per_sample)
        return 2 ** math.floor(math.log2(samples)) if samples >= 1 else 0


@dataclass(frozen=True)
class Outlook:
    """What a training needs beside what was free before its first step."""

    need: Need
    free: int

    def words(self, batch_size: int) -> str:
        whole, fixed = size(self.need.of(batch_size)), size(self.need.fixed)
        return (
            f"a batch of {batch_size} needs about {whole} of memory, {fixed} for weights and optimiser; "
            f"{size(self.free)} are free"
        )

    def check(self, batch_size: int) -> None:
        """Raises NotEnoughMemory where the batch clearly cannot fit."""
        if self.need.of(batch_size) > CLEARLY * self.free:
            raise NotEnoughMemory(f"{self.words(batch_size)}; {self.advice(batch_size)}")

    def advice(self, batch_size: int) -> str:
        """What to change for a batch that did not fit."""
        fitting = min(self.need.fitting(self.free), math.floor(batch_size * BELOW_A_FAILURE))
        if fitting < 1:
            return "try smaller images or a smaller network: not even one sample at a time fits"
        return f"try a batch size of {fitting}"


def need_of(network: nn.Module, spec: ImageInput, config: TrainingConfig, *, is_mixed: bool) -> Need:
    """Weights, gradients, optimiser state and average; activations by one forward pass without numbers."""
    weights = sum(each.nbytes for each in network.parameters())
    learning = sum(each.nbytes for each in network.parameters() if each.requires_grad)
    has_momentum = int(config.momentum > 0)
    copies = {"adamw": 2, "adam": 2, "sgd": has_momentum, "rmsprop": 1 + has_momentum}
    fixed = weights + learning * (1 + copies[config.optimiser]) + (weights if config.ema_decay else 0)
    activations = _activations(network, spec) * (MIXED if is_mixed else 1) * BACKWARD
    pixels = 3 * spec.height * spec.width * 4 * FLOATS_PER_PIXEL
    return Need(fixed, round(activations + pixels))


def free_bytes(device: torch.device) -> int:
    """What this process can still get: of a GPU's memory, or of the machine's."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    free = free_memory.free_bytes()
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return free if limit == resource.RLIM_INFINITY else min(free, max(0, limit - own_bytes()))


def is_for_want_of_memory(error: BaseException) -> bool:
    """torch's allocator for the CPU raises a plain RuntimeError."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def size(num_bytes: float) -> str:
    power = min(len(UNITS) - 1, int(math.log(max(1, num_bytes), 1000)))
    return f"{num_bytes / 1000**power:.{int(power > 2)}f} {UNITS[power]}"


def _activations(network: nn.Module, spec: ImageInput) -> float:
    """Bytes per sample that a forward pass keeps for the backward pass."""
    shadow = _shadow(network).train()
    with _saved_bytes() as saved:
        shadow(torch.empty((PROBE_SAMPLES, 3, spec.height, spec.width), device="meta"))
    for each in shadow.parameters():
        saved.pop(_place(each), None)
    return sum(saved.values()) / PROBE_SAMPLES


def _shadow(network: nn.Module) -> nn.Module:
    """The same network without numbers: nothing is allocated and nothing computed."""
    memo: dict[int, object] = {
        id(each): nn.Parameter(each.detach().to("meta"), each.requires_grad) for each in network.parameters()
    }
    memo |= {id(each): each.to("meta") for each in network.buffers()}
    return copy.deepcopy(network, memo)


@contextmanager
def _saved_bytes() -> Iterator[dict[int, int]]:
    """Fills with the sizes of the storages that are kept, each once."""
    sizes: dict[int, int] = {}
    kept: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        kept.append(tensor)  # or another storage would get its place
        sizes[_place(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield sizes


def _place(tensor: Tensor) -> int:
    """A view has that of what it looks at."""
    return tensor.untyped_storage()._cdata


def own_bytes() -> int:
    """What the limit counts of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    return pages * os.sysconf("SC_PAGE_SIZE")
