"""In which order samples come, and how that falls into batches: a seed, an epoch and a rank decide."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


class EpochOrder:
    """A full shuffle that depends on seed and epoch alone, so that a resumed run sees the same order.

    Of several processes that train together each takes its `part` of the same shuffle, all equally many.
    """

    def __init__(self, size: int, seed: int, part: int = 0, num_parts: int = 1) -> None:
        self._size = size
        self._seed = seed
        self._part = part
        self._num_parts = num_parts
        self.epoch = 0

    def rows(self) -> Tensor:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self.epoch)
        shuffled = torch.randperm(self._size, generator=generator)
        return shuffled[self._part :: self._num_parts][: len(self)]

    def __len__(self) -> int:
        return max(1, self._size // self._num_parts)


class FixedOrder:
    """Every sample once, as they come; of several processes each takes its part."""

    def __init__(self, size: int, part: int = 0, num_parts: int = 1) -> None:
        self._rows = torch.arange(size)[part::num_parts]

    def rows(self) -> Tensor:
        return self._rows

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True)
class Slicing:
    """`is_training`: all batches are of one size where there are enough samples for one, and none is smaller
    for a sample that cannot be used: another of the batch takes its place."""

    order: EpochOrder | FixedOrder
    batch_size: int
    is_training: bool

    def __len__(self) -> int:
        whole, rest = divmod(len(self.order), self.batch_size)
        return whole + (0 if self.is_training and whole else bool(rest))

    def slices(self) -> Sequence[Tensor]:
        return self.order.rows().split(self.batch_size)[: len(self)]

    def places(self, usable: Sequence[bool]) -> list[int]:
        """Which of a batch's samples make it up; none where none can be used."""
        good = [place for place, is_good in enumerate(usable) if is_good]
        if not self.is_training or not good:
            return good
        spare = iter(good * len(usable))
        return [place if is_good else next(spare) for place, is_good in enumerate(usable)]
