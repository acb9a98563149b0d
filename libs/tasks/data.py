"""Samples as tensors: decoded once into memory where they fit, else read and decoded by workers."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from libs.common.contracts.packages import ImageInput
from libs.common.errors import BadInput
from libs.tasks.front import resize
from libs.tasks.images import read_pixels
from libs.tasks.reading import SampleRecord, ShardReader

IN_MEMORY_BYTES = 2 * 2**30
NUM_DECODING_THREADS = 2
Target = Callable[[SampleRecord], Any]


class SampleIsBad(BadInput):
    code, title = "sample_bad", "A sample cannot be used"


def decode(data: bytes, spec: ImageInput) -> Tensor:
    """uint8 [3, height, width], resized as the exported graph does it, rounded to whole levels."""
    pixels = torch.from_numpy(np.array(read_pixels(data))).permute(2, 0, 1)
    if pixels.shape[1:] == (spec.height, spec.width):
        return pixels.contiguous()
    resized = resize(pixels[None].to(torch.float32), spec.height, spec.width)[0]
    return resized.round_().clamp_(0, 255).to(torch.uint8)


class ImageDataset(Dataset[tuple[Tensor, Any]]):
    """One sample at a time: (uint8 [3, height, width], target)."""

    def __init__(
        self, records: Sequence[SampleRecord], reader: ShardReader, spec: ImageInput, target: Target
    ) -> None:
        self._records = records
        self._reader = reader
        self._spec = spec
        self._target = target

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        record = self._records[index]
        try:
            return decode(self._reader.read(record), self._spec), self._target(record)
        except BadInput as error:
            raise SampleIsBad(f"{record.name}: {error.detail}") from error


class EpochOrder(Sampler[int]):
    """A full shuffle that depends on seed and epoch alone, so that a resumed run sees the same order."""

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._seed = seed
        self.epoch = 0

    def order(self) -> Tensor:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self.epoch)
        return torch.randperm(self._size, generator=generator)

    def __iter__(self) -> Iterator[int]:
        return iter(self.order().tolist())

    def __len__(self) -> int:
        return self._size


class InMemoryBatches:
    """Batches by indexing one tensor: no per-sample work at all once the data is decoded."""

    def __init__(
        self, dataset: ImageDataset, batch_size: int, order: EpochOrder | None, *, drop_last: bool
    ) -> None:
        with ThreadPoolExecutor(NUM_DECODING_THREADS) as threads:
            samples = list(threads.map(dataset.__getitem__, range(len(dataset))))
        self._images = torch.stack([image for image, _ in samples])
        self._targets = torch.as_tensor(np.array([target for _, target in samples]))
        self._batch_size = batch_size
        self._order = order
        self._drop_last = drop_last

    def __len__(self) -> int:
        whole, rest = divmod(len(self._images), self._batch_size)
        return whole + (0 if self._drop_last and whole else bool(rest))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        size = self._batch_size
        order = self._order.order() if self._order else torch.arange(len(self._images))
        for number in range(len(self)):
            rows = order[number * size : (number + 1) * size]
            yield self._images[rows], self._targets[rows]


Batches = InMemoryBatches | DataLoader[tuple[Tensor, Any]]


def make_batches(
    dataset: ImageDataset,
    spec: ImageInput,
    batch_size: int,
    order: EpochOrder | None,
    num_workers: int,
) -> Batches:
    """Training batches when `order` is given: shuffled, and without a last, smaller one."""
    drop_last = order is not None
    if len(dataset) * spec.height * spec.width * 3 <= IN_MEMORY_BYTES:
        return InMemoryBatches(dataset, batch_size, order, drop_last=drop_last)
    return DataLoader(
        dataset,
        batch_size,
        sampler=order,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        prefetch_factor=4 if num_workers else None,
        pin_memory=torch.cuda.is_available(),
        drop_last=drop_last and len(dataset) >= batch_size,
    )
