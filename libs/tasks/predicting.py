"""Evaluation of a model package on local samples, with the very graph that would be exported."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import Prediction
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import SampleResult
from libs.common.errors import BadInput
from libs.common.staging import LocalData
from libs.tasks import registry
from libs.tasks.codec import Codec, Judged
from libs.tasks.front import Front
from libs.tasks.package_files import load_weights, read_card
from libs.tasks.reading import SampleRecord, ShardReader, batches, read_manifest
from libs.tasks.runtime import TaskRuntime

DEFAULT_BATCH = 64
Told = Callable[[float, str], None]


class NothingToEvaluate(BadInput):
    code, title = "subset_empty", "The chosen subsets have no samples"


class ServingModel(nn.Module):
    """What leaves as a graph: uint8 pixels [batch, h, w, 3] in, finished answers out."""

    def __init__(self, task: TaskRuntime, network: nn.Module, card: ModelCard) -> None:
        super().__init__()
        self.front = Front(card.input)
        self.network = network
        self._task = task
        self._card = card

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return self._task.finish(self.network(self.front(images)), self._card)


@dataclass(frozen=True)
class LoadedModel:
    """A package ready to answer; `model` is in evaluation mode as a whole."""

    card: ModelCard
    codec: Codec
    task: TaskRuntime
    model: ServingModel


def load_model(package: Path, device: str = "cpu") -> LoadedModel:
    """Raises PackageIsBroken, or TaskIsUnknown where the task's package is not installed."""
    card = read_card(package)
    task = registry.task(card.task).load_runtime()
    network = task.build_network(card)
    load_weights(network, package)
    # On the outermost module: an inner one left in training mode would change every batch norm.
    model = ServingModel(task, network, card).eval().to(torch_device(device))
    return LoadedModel(card, task.codec, task, model)


def torch_device(name: str) -> torch.device:
    """`gpu1`, `cuda:1`, `node/gpu1` or `cpu` as torch spells it."""
    word = name.rpartition("/")[2]
    if word.startswith(("gpu", "cuda")):
        return torch.device("cuda", int("".join(filter(str.isdigit, word)) or 0))
    return torch.device("cpu")


@dataclass(frozen=True)
class Evaluated:
    report: EvaluationReport
    results: list[SampleResult]


def evaluate(
    package: Path, data: LocalData, subsets: Sequence[str], batch_size: int | None, device: str, tell: Told
) -> Evaluated:
    """Every sample of the subsets once."""
    loaded = load_model(package, device)
    records = read_manifest(data.manifest, subsets)
    if not records:
        raise NothingToEvaluate(f"no samples in {', '.join(subsets)}")
    results: list[SampleResult] = []
    judged: list[Judged] = []
    with ShardReader(data.shards) as reader:
        for record, prediction in predictions(loaded, records, reader, batch_size, tell):
            score = loaded.codec.score(prediction, record.annotations, loaded.card)
            judged.append(Judged(record.subset, record.annotations, prediction, score))
            results.append(_result(record, judged[-1]))
    return Evaluated(loaded.codec.report(judged, loaded.card), results)


def predictions(
    loaded: LoadedModel,
    records: Sequence[SampleRecord],
    reader: ShardReader,
    batch_size: int | None,
    tell: Told,
) -> Iterator[tuple[SampleRecord, Prediction]]:
    """In the order of `records`; images of one size share a batch."""
    done = 0
    for chunk in batches(records, batch_size or DEFAULT_BATCH):
        outputs = run_chunk(loaded, [loaded.codec.encode(reader.read(record)) for record in chunk])
        yield from zip(chunk, loaded.codec.decode(outputs, loaded.card), strict=True)
        done += len(chunk)
        tell(done / len(records), f"{done} of {len(records)} samples")


def run_chunk(loaded: LoadedModel, images: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs by name in the order of `images`, which may differ in size."""
    device = next(loaded.model.parameters()).device

    def run(pixels: np.ndarray) -> list[np.ndarray]:
        with torch.inference_mode():
            return [output.cpu().numpy() for output in loaded.model(torch.from_numpy(pixels).to(device))]

    return run_by_size(loaded, images, run)


def run_by_size(
    loaded: LoadedModel, images: Sequence[np.ndarray], run: Callable[[np.ndarray], Sequence[np.ndarray]]
) -> dict[str, np.ndarray]:
    """`run` gets uint8 [batch, h, w, 3] of one size at a time; the answers come in the order of `images`."""
    names = [output.name for output in loaded.codec.signature(loaded.card).outputs]
    places_of: dict[tuple[int, ...], list[int]] = {}
    for place, image in enumerate(images):
        places_of.setdefault(image.shape, []).append(place)
    rows: list[list[np.ndarray]] = [[] for _ in images]
    for places in places_of.values():
        outputs = run(np.stack([images[place] for place in places]))
        for place, answers in zip(places, zip(*outputs, strict=True), strict=True):
            rows[place] = list(answers)
    return {name: np.stack([row[column] for row in rows]) for column, name in enumerate(names)}


def _result(record: SampleRecord, judged: Judged) -> SampleResult:
    return SampleResult(
        sample_id=record.id,  # type: ignore[arg-type]  # pydantic reads the UUID
        name=record.name,
        subset=record.subset,
        correct=judged.score.is_correct,
        score=judged.score.score,
        loss=judged.score.loss,
        confidence=judged.score.confidence,
        truth=record.annotations,
        prediction=judged.prediction,
    )
