"""The platform's training loop against a loop written by hand for the same model, data and augmentation."""

import copy
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.results import Result
from libs.common.contracts.telemetry import Progress
from libs.common.staging import LocalData
from libs.tasks import registry
from libs.tasks.attempt import card_of
from libs.tasks.augmentation import augment
from libs.tasks.conformance import write_toy_data
from libs.tasks.front import Normalise
from libs.tasks.images import read_pixels
from libs.tasks.learning import TrainingModule
from libs.tasks.reading import ShardReader, read_manifest
from libs.tasks.runtime import CheckpointFiles, ToyData
from libs.tasks.training import TrainRequest, train

TASK = "classification"
EPOCHS = 3
ROUNDS = 5


@dataclass(frozen=True)
class Case:
    """Half of the samples train; enough of them that an epoch is more than its end."""

    architecture: str
    image_size: int
    num_samples: int


CASES = (Case("simple_cnn", 32, 4800), Case("mobilenet_v3_small", 96, 1600))


def measure() -> list[Result]:
    return [_measure(case) for case in CASES]


def _measure(case: Case) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        request = _request(Path(folder), case)
        ours, theirs = [], []
        for number in range(ROUNDS):
            theirs.append(_by_hand(request))
            directory = Path(folder) / f"run-{number}"
            ours.append(_by_platform(request.model_copy(update={"directory": directory})))
    ratio = statistics.median(ours) / statistics.median(theirs)
    return Result(
        f"training loop, {case.architecture} at {case.image_size} px",
        f"{ratio:.2f}",
        "≥ 0.97 of a loop written by hand in PyTorch",
        f"{statistics.median(ours):.0f} against {statistics.median(theirs):.0f} samples/s, "
        f"median of {ROUNDS} turns; both validate and save each epoch",
    )


def _request(folder: Path, case: Case) -> TrainRequest:
    toy: ToyData = registry.task(TASK).load_runtime().toy_data(seed=0, count=case.num_samples)
    config = {
        **toy.config,
        "architecture": case.architecture,
        "image_size": case.image_size,
        "epochs": EPOCHS,
        "batch_size": 64,
        "is_pretrained": False,
    }
    return TrainRequest(
        task=TASK,
        config=config,
        classes=toy.classes,
        data=write_toy_data(toy, folder / "data"),
        directory=folder,
    )


@dataclass
class _Clock:
    """Times a training from its first epoch to its end, by what it tells."""

    started: float = 0.0
    ended: float = 0.0

    def log(self, text: str) -> None:
        if text.startswith("training "):  # samples are decoded before, by hand as well
            self.started = self.started or time.perf_counter()

    def checkpoint(self, files: CheckpointFiles) -> None:
        self.ended = time.perf_counter()

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None: ...

    def steps(self, first_step: int, values: Mapping[str, Sequence[float]], epoch: int) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def should_stop(self) -> bool:
        return False


def _by_platform(request: TrainRequest) -> float:
    clock = _Clock()
    train(request, clock)
    return EPOCHS * _num_samples(request.data) / (clock.ended - clock.started)


def _by_hand(request: TrainRequest) -> float:
    """What a good engineer writes without a platform: decoded once, batches by index, OneCycle, AdamW."""
    manifest = registry.task(request.task)
    config = manifest.config_model.model_validate(request.config)
    card = card_of(manifest, config, request)
    task, module = manifest.load_runtime(), TrainingModule(manifest, config, card)
    torch.manual_seed(config.seed)
    network, normalise = copy.deepcopy(module.network), Normalise(card.input)
    images, targets = _decoded(request.data, "train", task, card)
    held_images, held_targets = _decoded(request.data, "val", task, card)
    num_batches = len(images) // config.batch_size
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=EPOCHS * num_batches + 1, cycle_momentum=False
    )
    generator, knobs = torch.Generator().manual_seed(0), getattr(config, "augmentation", None)
    started = time.perf_counter()
    for _ in range(EPOCHS):
        network.train()
        for rows in torch.randperm(len(images))[: num_batches * config.batch_size].split(config.batch_size):
            pixels = images[rows].float()
            if knobs is not None:
                pixels = augment(pixels, knobs, generator)
            loss = task.loss(network(normalise(pixels)), targets[rows], card)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        _validate(network, normalise, held_images, held_targets)
        torch.save(
            {"model": network.state_dict(), "optimiser": optimiser.state_dict()},
            request.directory / "by-hand.pt",
        )
    return EPOCHS * len(images) / (time.perf_counter() - started)


@torch.inference_mode()
def _validate(network, normalise, images: Tensor, targets: Tensor) -> float:
    network.eval()
    right = sum(
        int((network(normalise(part.float())).argmax(1) == truth).sum())
        for part, truth in zip(images.split(64), targets.split(64), strict=True)
    )
    return right / len(images)


def _decoded(data: LocalData, subset: str, task, card) -> tuple[Tensor, Tensor]:
    records = read_manifest(data.manifest, (subset,))
    side = card.input.height
    with ShardReader(data.shards) as reader:
        pixels = [
            torch.from_numpy(np.array(read_pixels(reader.read(record)))).permute(2, 0, 1)
            for record in records
        ]
    resized = [
        torch.nn.functional.interpolate(image[None].float(), (side, side), mode="bilinear")[0].byte()
        for image in pixels
    ]
    targets = torch.as_tensor(np.array([task.target(record.annotations, card) for record in records]))
    return torch.stack(resized), targets


def _num_samples(data: LocalData) -> int:
    return len(read_manifest(data.manifest, ("train",)))
