"""What reading and decoding cost a training: a run beside the same run on batches that lie ready in memory,
and beside a loop written by hand that reads the same files."""

import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.results import Result
from libs.common.contracts.annotations import LabelAnnotation
from libs.common.staging import LocalData
from libs.tasks import feeding, registry
from libs.tasks.batching import Batches
from libs.tasks.conformance import write_toy_data
from libs.tasks.data import ImageDataset
from libs.tasks.front import Normalise
from libs.tasks.reading import ShardReader, read_manifest
from libs.tasks.runtime import CheckpointFiles, ToyData
from libs.tasks.slicing import EpochOrder, FixedOrder
from libs.tasks.telling import Silence
from libs.tasks.training import TrainRequest, train

TASK = "classification"
CLASSES = ("china", "flower")
ROUNDS = 3
EPOCHS = 2
QUIET = {"rotate_degrees": 0, "shift": 0, "zoom": 0}


@dataclass(frozen=True)
class Case:
    """Half of the samples train, a quarter validates; `stored` is the longer side of the JPEGs."""

    architecture: str
    image_size: int
    stored: int
    num_samples: int
    batch_size: int

    @property
    def words(self) -> str:
        return f"{self.architecture} at {self.image_size} px from JPEGs of {self.stored} px"


SMALL = Case("simple_cnn", 32, 64, 3200, 64)
# Most of the time is spent in the network ...
HEAVY = Case("mobilenet_v3_small", 224, 500, 192, 16)
# ... or, where few pixels are made of large pictures, much of it in decoding: the cores are the same.
LIGHT = Case("mobilenet_v3_small", 96, 500, 512, 32)


@dataclass(frozen=True)
class Speed:
    """Samples per second, and per second of a core that this process used."""

    wall: float
    core: float


def measure() -> list[Result]:
    """On one core: the learner and its readers then compete for it, and nothing is hidden by what is idle."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        return [
            _efficiency(SMALL, "memory"),
            _efficiency(HEAVY, "threads"),
            _efficiency(LIGHT, "memory"),
            _efficiency(LIGHT, "threads"),
            _beside_a_hand(HEAVY),
            _beside_a_hand(LIGHT),
        ]
    finally:
        os.sched_setaffinity(0, cores)


def _efficiency(case: Case, way: str) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        request = _request(Path(folder), case)
        ready, fed = [], []
        for _ in range(ROUNDS):
            ready.append(_speed(request, _ready_batches))
            fed.append(_speed(request, lambda: _forced(way)))
        limit = 1 / (1 + _median(ready).core / _decoding_rate(request))
    bound = "" if way == "memory" else f"; {limit:.2f} is the most where one core does both"
    return Result(
        f"input path, {case.words}, {'decoded once' if way == 'memory' else 'streamed'}",
        f"{_median(fed).core / _median(ready).core:.2f}",
        "≥ 0.90 of the same run on batches that lie ready in memory",
        f"{_told(fed, ready)}{bound}",
    )


def _beside_a_hand(case: Case) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        request = _request(Path(folder), case)
        hand, ours = [], []
        for _ in range(ROUNDS):
            hand.append(_by_hand(request))
            ours.append(_speed(request, lambda: _forced("threads")))
    return Result(
        f"run that streams, {case.words}",
        f"{_median(ours).core / _median(hand).core:.2f}",
        "≥ 0.97 of a loop written by hand in PyTorch",
        f"{_told(ours, hand)}; by hand: Pillow, resized as bytes, a DataLoader in the same process",
    )


def _median(speeds: Sequence[Speed]) -> Speed:
    return Speed(
        statistics.median(speed.wall for speed in speeds), statistics.median(speed.core for speed in speeds)
    )


def _told(ours: Sequence[Speed], theirs: Sequence[Speed]) -> str:
    mine, other = _median(ours), _median(theirs)
    return (
        f"{mine.core:.0f} against {other.core:.0f} samples per second of one core, {mine.wall:.0f} against "
        f"{other.wall:.0f} by the clock; medians of {ROUNDS} turns"
    )


def _request(folder: Path, case: Case) -> TrainRequest:
    config = {
        "architecture": case.architecture,
        "image_size": case.image_size,
        "epochs": EPOCHS,
        "batch_size": case.batch_size,
        "is_pretrained": False,
        "augmentation": QUIET,
    }
    images = tuple(_photographs(case))
    labels = tuple((LabelAnnotation(label=CLASSES[n % 2]),) for n in range(case.num_samples))
    data = write_toy_data(ToyData(images, labels, CLASSES, {}), folder / "data")
    return TrainRequest(task=TASK, config=config, classes=CLASSES, data=data, directory=folder)


def _photographs(case: Case) -> Iterator[bytes]:
    """Parts of two photographs, each another one, as cameras store them."""
    sources = [Image.fromarray(load_sample_image(f"{name}.jpg")) for name in CLASSES]
    random = np.random.default_rng(0)
    size = case.stored, case.stored * 3 // 4
    for number in range(case.num_samples):
        left, top = (int(each) for each in random.integers(0, 120, 2))
        part = sources[number % 2].resize(size, box=(left, top, left + 500, top + 300))
        buffer = io.BytesIO()
        part.save(buffer, "JPEG", quality=90)
        yield buffer.getvalue()


class Clock(Silence):
    """Times a training from its first epoch to its end, by what it tells."""

    def __init__(self) -> None:
        self.started: tuple[float, float] | None = None
        self.ended = (0.0, 0.0)

    def log(self, text: str) -> None:
        if text.startswith("training ") and self.started is None:
            self.started = _now()

    def checkpoint(self, files: CheckpointFiles) -> None:
        self.ended = _now()


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _between(started: tuple[float, float], ended: tuple[float, float], num_samples: int) -> Speed:
    return Speed(*(num_samples / (end - start) for start, end in zip(started, ended, strict=True)))


def _speed(request: TrainRequest, way: Callable) -> Speed:
    clock = Clock()
    with way(), tempfile.TemporaryDirectory() as folder:
        train(request.model_copy(update={"directory": Path(folder) / "run"}), clock)
    assert clock.started is not None
    num_samples = EPOCHS * len(read_manifest(request.data.manifest, ("train",)))
    return _between(clock.started, clock.ended, num_samples)


@contextmanager
def _forced(way: str) -> Iterator[None]:
    """As if memory were short, or as if it were not."""
    with mock.patch.object(feeding, "MEMORY_SHARE", 1.0 if way == "memory" else 0.0):
        yield


class _Ready:
    """Every epoch the same batches."""

    def __init__(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return iter(self._batches)


@contextmanager
def _ready_batches() -> Iterator[None]:
    made = feeding.Feed.batches

    def batches(self, dataset: ImageDataset, order: EpochOrder | FixedOrder, size: int) -> Batches:
        return _Ready(list(made(self, dataset, order, size)))

    with _forced("memory"), mock.patch.object(feeding.Feed, "batches", batches):
        yield


def _decoding_rate(request: TrainRequest) -> float:
    """Samples that one core reads, decodes and resizes in a second."""
    manifest = registry.task(TASK)
    config = manifest.config_model.model_validate(request.config)
    spec = manifest.load_runtime().image_input(config)
    with ShardReader(request.data.shards) as reader:
        records = read_manifest(request.data.manifest, ("train",))[:64]
        dataset = ImageDataset(records, reader, spec, lambda _: 0)
        rates = []
        for _ in range(5):
            started = time.process_time()
            for row in range(len(dataset)):
                dataset[row]
            rates.append(len(dataset) / (time.process_time() - started))
    return max(rates)


class _Files(Dataset):
    """What a good engineer writes without a platform."""

    def __init__(self, data: LocalData, subset: str, side: int) -> None:
        self._records = read_manifest(data.manifest, (subset,))
        self._path = next(iter(data.shards.values()))
        self._side = side

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        record = self._records[row]
        with self._path.open("rb") as file:
            file.seek(record.offset)
            image = Image.open(io.BytesIO(file.read(record.size_bytes))).convert("RGB")
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        resized = torch.nn.functional.interpolate(
            pixels[None], (self._side, self._side), mode="bilinear", antialias=True
        )[0]
        return resized, CLASSES.index(record.annotations[0].label)  # type: ignore[union-attr]


def _by_hand(request: TrainRequest) -> Speed:
    from libs.tasks.attempt import card_of  # the same network and normalisation, nothing else

    manifest = registry.task(TASK)
    config = manifest.config_model.model_validate(request.config)
    card, task = card_of(manifest, config, request), manifest.load_runtime()
    network, normalise = task.build_network(card), Normalise(card.input)
    torch.set_num_threads(len(os.sched_getaffinity(0)))

    def loader(subset: str, is_training: bool) -> DataLoader:
        files = _Files(request.data, subset, card.input.height)
        return DataLoader(files, config.batch_size, shuffle=is_training, drop_last=is_training)

    training, held = loader("train", True), loader("val", False)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=EPOCHS * len(training) + 1, cycle_momentum=False
    )
    started = _now()
    for _ in range(EPOCHS):
        network.train()
        for images, targets in training:
            loss = torch.nn.functional.cross_entropy(network(normalise(images.float())), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        network.eval()
        with torch.inference_mode():
            for images, targets in held:
                (network(normalise(images.float())).argmax(1) == targets).sum().item()
        torch.save(
            {"model": network.state_dict(), "optimiser": optimiser.state_dict()},
            request.directory / "by-hand.pt",
        )
    return _between(started, _now(), EPOCHS * len(training.dataset))  # type: ignore[arg-type]
