"""Evaluation of a model package on local samples, with the very graph that would be exported."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
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
from libs.tasks.memory import OutOfMemory, is_for_want_of_memory
from libs.tasks.package_files import load_weights, read_card
from libs.tasks.reading import SampleRecord, Samples, ShardReader, batches
from libs.tasks.runtime import TaskRuntime

DEFAULT_BATCH = 64
NUM_THREADS = min(16, os.cpu_count() or 1)
Told = Callable[[float, str], None]
# Samples, and their pixels as far as they are decoded.
Chunk = tuple[Sequence[SampleRecord], list[Future[np.ndarray]]]


class SampleIsUnusable(BadInput):
    code, title = "sample_unusable", "A sample cannot be evaluated"


class AnswerIsNoNumber(BadInput):
    code, title = "answer_not_finite", "The model does not answer with numbers"


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


def evaluate(
    package: Path,
    data: LocalData,
    subsets: Sequence[str],
    batch_size: int | None,
    device: str,
    tell: Told,
    keep: Callable[[SampleResult], object],
) -> EvaluationReport:
    """Every sample of the subsets once. Results go to `keep` one by one and are held by nobody else."""
    loaded = load_model(package, device)
    samples = Samples(data.manifest, subsets)
    if not len(samples):
        raise NothingToEvaluate(f"no samples in {', '.join(subsets)}")
    with ShardReader(data.shards) as reader:
        answers = predictions(loaded, samples, reader, batch_size or DEFAULT_BATCH, tell)
        return loaded.codec.report(_judged(loaded, answers, keep), loaded.card)


def predictions(
    loaded: LoadedModel, samples: Samples, reader: ShardReader, batch_size: int, tell: Told
) -> Iterator[tuple[SampleRecord, Prediction]]:
    """In the order of `samples`; images of one size share a batch."""
    count, done = len(samples), 0
    with ThreadPoolExecutor(NUM_THREADS, "decode") as threads:
        for chunk, images in _one_ahead(_begun(threads, loaded, samples, reader, batch_size)):
            outputs = _answered(loaded, [image.result() for image in images])
            _require_numbers(chunk, outputs)
            yield from zip(chunk, loaded.codec.decode(outputs, loaded.card), strict=True)
            done += len(chunk)
            tell(done / count, f"{done:,} of {count:,} samples")


def _answered(loaded: LoadedModel, images: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    try:
        return run_chunk(loaded, images)
    except (RuntimeError, MemoryError) as error:
        if not is_for_want_of_memory(error):
            raise
        words = f"{len(images)} images at once are too many for the device; choose a smaller batch size"
        raise OutOfMemory(words) from error


def _begun(
    threads: ThreadPoolExecutor, loaded: LoadedModel, samples: Samples, reader: ShardReader, size: int
) -> Iterator[Chunk]:
    for chunk in batches(samples, size):
        yield chunk, [threads.submit(_image, loaded, reader, record) for record in chunk]


def _one_ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The next one is decoded while one is with the network."""
    before = next(chunks, None)
    while before is not None:
        following = next(chunks, None)
        yield before
        before = following


def _image(loaded: LoadedModel, reader: ShardReader, record: SampleRecord) -> np.ndarray:
    with _named(record):
        return loaded.codec.encode(reader.read(record))


def _judged(
    loaded: LoadedModel,
    answers: Iterable[tuple[SampleRecord, Prediction]],
    keep: Callable[[SampleResult], object],
) -> Iterator[Judged]:
    for record, prediction in answers:
        with _named(record):
            score = loaded.codec.score(prediction, record.annotations, loaded.card)
        judged = Judged(record.subset, record.annotations, prediction, score)
        keep(_result(record, judged))
        yield judged


@contextmanager
def _named(record: SampleRecord) -> Iterator[None]:
    """What a sample cannot be evaluated for is said with its name."""
    try:
        yield
    except BadInput as error:
        raise SampleIsUnusable(f"{record.name}: {error.detail}") from error


def _require_numbers(chunk: Sequence[SampleRecord], outputs: Mapping[str, np.ndarray]) -> None:
    for name, values in outputs.items():
        rows = values.reshape(len(chunk), -1)
        if not (is_number := np.isfinite(rows).all(axis=1)).all():
            bad = chunk[int(np.argmin(is_number))]
            raise AnswerIsNoNumber(f"of {bad.name} the model's {name} are not finite numbers")


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
