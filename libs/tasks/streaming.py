"""Batches of samples that memory does not hold: decoded anew in each epoch, ahead of their use, by threads or
processes."""

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from libs.common.errors import ModelyardError
from libs.tasks.batching import Batch, Begun, Decoded, decode_into, in_turn, stacked
from libs.tasks.data import ImageDataset
from libs.tasks.slicing import Slicing
from libs.tasks.tolerance import Tolerance, Unusable

T = TypeVar("T")


class ReaderWasKilled(ModelyardError):
    code, status, title, retryable = "reader_killed", 503, "A process that reads samples was killed", True


class StreamedBatches:
    """Decoded anew in each epoch, ahead of their use.

    `before_next_epoch` is called between two epochs, when it is known how long the first one was, how much
    of that was waiting for samples, and for how many.
    """

    before_next_epoch: Callable[["StreamedBatches"], None] | None = None

    def __init__(self, slicing: Slicing, tolerance: Tolerance) -> None:
        self._slicing = slicing
        self._tolerance = tolerance
        self.waited_seconds = self.epoch_seconds = 0.0
        self.num_samples = 0

    def __len__(self) -> int:
        return len(self._slicing)

    def __iter__(self) -> Iterator[Batch]:
        if self.num_samples and self.before_next_epoch is not None:
            self.before_next_epoch(self)
        self.waited_seconds, self.num_samples = 0.0, 0
        started = asked = time.perf_counter()
        last: Batch | None = None
        for decoded in self._decoded():
            self.waited_seconds += time.perf_counter() - asked
            self.num_samples += len(decoded.targets)
            last = self._batch(decoded) or last
            if last is not None:
                yield last
            # Whoever takes the batches knows their number and does not come back after the last one.
            asked = time.perf_counter()
            self.epoch_seconds = asked - started

    def _decoded(self) -> Iterator[Decoded]:
        raise NotImplementedError

    def _batch(self, decoded: Decoded) -> Batch | None:
        """None where no sample of it can be used; the batch before then stands in."""
        self._tolerance.meet(decoded.unusable)
        if not decoded.unusable:
            return decoded.images, stacked(decoded.targets)
        places = self._slicing.places(decoded.usable)
        return (decoded.images[places], stacked(decoded.targets)[places]) if places else None


class ThreadedBatches(StreamedBatches):
    """By threads of this process: decoders let go of the interpreter, and nothing is sent anywhere."""

    def __init__(
        self,
        dataset: ImageDataset,
        slicing: Slicing,
        tolerance: Tolerance,
        *,
        num_threads: int,
        num_ahead: int,
        is_pinned: bool,
    ) -> None:
        super().__init__(slicing, tolerance)
        self._dataset = dataset
        self._threads = ThreadPoolExecutor(num_threads, "decode")
        self._num_ahead = num_ahead
        self._is_pinned = is_pinned

    def _decoded(self) -> Iterator[Decoded]:
        return in_turn((self._begin(rows) for rows in self._slicing.slices()), self._num_ahead)

    def _begin(self, rows: Tensor) -> Begun:
        shape = len(rows), *self._dataset.shape
        images = torch.empty(shape, dtype=torch.uint8, pin_memory=self._is_pinned)
        return Begun(self._threads, images, self._dataset, rows.tolist())


class ProcessBatches(StreamedBatches):
    """By processes that stay from epoch to epoch: for a device that is fed by more than threads can do."""

    def __init__(
        self,
        dataset: ImageDataset,
        slicing: Slicing,
        tolerance: Tolerance,
        *,
        num_processes: int,
        num_ahead: int,
        is_pinned: bool,
    ) -> None:
        super().__init__(slicing, tolerance)
        self._dataset = dataset
        self._num_ahead = num_ahead
        self._is_pinned = is_pinned
        self.use(num_processes)

    def use(self, num_processes: int) -> None:
        """From the next epoch on."""
        self.num_processes = num_processes
        with _as_many_as_asked():
            self._loader = DataLoader(
                _Samples(self._dataset),
                sampler=_Lists(self._slicing),
                batch_size=None,
                num_workers=num_processes,
                persistent_workers=num_processes > 0,
                prefetch_factor=max(1, self._num_ahead) if num_processes else None,
                pin_memory=self._is_pinned,
                collate_fn=_as_it_is,
                # Its own: by default each epoch would take a number from those that the training draws.
                generator=torch.Generator(),
            )

    def _decoded(self) -> Iterator[Decoded]:
        try:
            for images, targets, unusable in self._started():
                yield Decoded(images, targets, unusable)
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            advice = "most often for want of memory; try a smaller num_workers or batch_size"
            raise ReaderWasKilled(f"{str(error).rstrip('. ')}: {advice}") from error

    def _started(self) -> Iterator[Any]:
        with _as_many_as_asked():
            return iter(self._loader)


@contextmanager
def _as_many_as_asked() -> Iterator[None]:
    """Whoever asks for more processes than there are cores has a reason, such as a slow disk."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This DataLoader will create")
        yield


class _Samples(Dataset[Any]):
    """A whole batch per index, so that a process writes each sample once, to where it is sent from."""

    def __init__(self, dataset: ImageDataset) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, rows: list[int]) -> tuple[Tensor, list[Any], list[Unusable]]:
        images = torch.empty((len(rows), *self._dataset.shape), dtype=torch.uint8)
        return tuple(decode_into(images, self._dataset, rows))  # type: ignore[return-value]


def _as_it_is(batch: T) -> T:
    return batch


class _Lists:
    def __init__(self, slicing: Slicing) -> None:
        self._slicing = slicing

    def __len__(self) -> int:
        return len(self._slicing)

    def __iter__(self) -> Iterator[list[int]]:
        return (rows.tolist() for rows in self._slicing.slices())
