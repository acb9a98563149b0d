"""Batches of samples, from memory: decoded once, by all cores."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from libs.tasks.data import ImageDataset
from libs.tasks.slicing import Slicing
from libs.tasks.tolerance import Tolerance, TooManySamplesAreBad, Unusable

Batch = tuple[Tensor, Tensor]
# Samples that a thread decodes at a time: handing over each would cost what a small image costs.
CHUNK = 8


class Batches(Protocol):
    """Those of an epoch: uint8 [batch, 3, height, width] with their targets; their number is known before."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Batch]: ...


class Decoded(NamedTuple):
    """Samples in their order; of one that cannot be used the pixels are anything and the target is None."""

    images: Tensor
    targets: list[Any]
    unusable: list[Unusable]

    @property
    def usable(self) -> list[bool]:
        return [target is not None for target in self.targets]


def decode_into(images: Tensor, dataset: ImageDataset, rows: Sequence[int]) -> Decoded:
    targets, unusable = [], []
    pixels = images.numpy()
    for place, row in enumerate(rows):
        sample = dataset[row]
        if isinstance(sample, Unusable):
            unusable.append(sample)
            targets.append(None)
        else:
            pixels[place] = sample[0].numpy()
            targets.append(sample[1])
    return Decoded(images, targets, unusable)


class Begun:
    """Samples that threads are decoding into one tensor."""

    def __init__(
        self, threads: ThreadPoolExecutor, images: Tensor, dataset: ImageDataset, rows: Sequence[int]
    ) -> None:
        self._images = images
        self._parts: list[Future[Decoded]] = [
            threads.submit(decode_into, images[start : start + CHUNK], dataset, rows[start : start + CHUNK])
            for start in range(0, len(rows), CHUNK)
        ]

    def result(self) -> Decoded:
        parts = [part.result() for part in self._parts]
        return Decoded(
            self._images,
            [target for part in parts for target in part.targets],
            [each for part in parts for each in part.unusable],
        )

    def cancel(self) -> None:
        for part in self._parts:
            part.cancel()


def in_turn(begin: Iterator[Begun], num_ahead: int) -> Iterator[Decoded]:
    """Their results in order; `num_ahead` are under way while one is used."""
    waiting: deque[Begun] = deque()
    try:
        for begun in begin:
            waiting.append(begun)
            if len(waiting) > num_ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for begun in waiting:
            begun.cancel()


def stacked(targets: Sequence[Any]) -> Tensor:
    """Of those that are there; in the place of others stands the first."""
    found = next((target for target in targets if target is not None), None)
    return torch.as_tensor(np.array([found if target is None else target for target in targets]))


class MemoryBatches:
    """By indexing one tensor: no work per sample once all are decoded, by all cores, when this is made."""

    def __init__(
        self,
        dataset: ImageDataset,
        slicing: Slicing,
        tolerance: Tolerance,
        told: Callable[[int], None],
        *,
        num_threads: int,
        is_pinned: bool,
    ) -> None:
        self._slicing = slicing
        self._is_pinned = is_pinned
        self._images = torch.empty((len(dataset), *dataset.shape), dtype=torch.uint8)
        targets: list[Any] = []
        with ThreadPoolExecutor(num_threads, "decode") as threads:
            parts = self._images.split(CHUNK)
            rows = torch.arange(len(dataset)).split(CHUNK)
            begun = (
                Begun(threads, part, dataset, own.tolist()) for part, own in zip(parts, rows, strict=True)
            )
            for decoded in in_turn(begun, 4 * num_threads):
                tolerance.meet(decoded.unusable)
                targets += decoded.targets
                told(len(targets))
        self._usable = torch.tensor([target is not None for target in targets])
        if not self._usable.any():
            raise TooManySamplesAreBad("none of the samples can be read")
        self._targets = stacked(targets)

    def __len__(self) -> int:
        return len(self._slicing)

    def __iter__(self) -> Iterator[Batch]:
        all_usable = bool(self._usable.all())
        for rows in self._slicing.slices():
            if not all_usable:
                rows = rows[self._slicing.places(self._usable[rows].tolist())]
            shape = len(rows), *self._images.shape[1:]
            images = torch.empty(shape, dtype=torch.uint8, pin_memory=self._is_pinned)
            yield torch.index_select(self._images, 0, rows, out=images), self._targets[rows]
