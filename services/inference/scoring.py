"""What a deployment is worth on labelled samples that somebody sent: asked as by anybody, then scored."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import nsmallest
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from libs.common import artifacts
from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentEvaluation, LabelledAnswer
from libs.common.contracts.problems import Problem
from libs.common.errors import BadInput, Unavailable
from libs.common.log import get_logger
from libs.common.storage import Storage
from libs.common.zips import FileIsDamaged, Zip, ZipLimits
from libs.tasks import registry
from libs.tasks.codec import Judged
from services.inference.errors import NothingToScore
from services.inference.labelled import Labelled, Labels, read_labels
from services.inference.predictor import Predictor
from services.inference.served import Served

# Of a graph so many, of an archive so much: what takes longer is an evaluation of a run.
LIMITS = ZipLimits(max_files=10_000, max_unpacked_bytes=4 * 2**30)
AT_ONCE = 2
CHUNK_SAMPLES = 64
CHUNK_BYTES = 16 * 2**20
MAX_SAMPLE_BYTES = 64 * 2**20
NUM_WORST = 50
SUBSET = "sent"
# An archive this old belongs to nobody who still waits.
FORGOTTEN_AFTER = timedelta(hours=2)
SWEEP_SECONDS = 1800.0
log = get_logger(__name__)


@dataclass
class Scored:
    names: list[str] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)


class Scoring:
    """A few at a time: each keeps Triton busy for as long as it lasts."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def evaluate(self, name: str, key: str, storage: Storage) -> DeploymentEvaluation:
        """The archive is removed, whatever comes of it. Errors: NothingToScore, LabelsAreUnclear, those of
        an archive and of a prediction."""
        if not artifacts.is_below(key, artifacts.LABELLED_SAMPLES):
            raise BadInput("this is no key of labelled samples")
        try:
            async with self._slots:
                served = self._predictor.main(name)
                with TemporaryFile() as file:
                    await _fetch(storage, key, cast(BinaryIO, file))
                    return await self._evaluate(name, served, cast(BinaryIO, file))
        finally:
            await storage.remove([key])

    async def _evaluate(self, name: str, served: Served, file: BinaryIO) -> DeploymentEvaluation:
        types = registry.task(served.version.task).annotation_types
        with await asyncio.to_thread(Zip, file, LIMITS) as archive:
            labels = await asyncio.to_thread(read_labels, archive, types, served.card)
            scored = await self._score(served, archive, labels)
        left_out = tuple(sorted(scored.left_out, key=lambda problem: problem.row or 0))
        if not scored.judged:
            raise NothingToScore("no sample can be used", errors=left_out[:100])
        report = await asyncio.to_thread(served.codec.report, scored.judged, served.card)
        return DeploymentEvaluation(
            deployment=name,
            model=served.version.model,
            version=served.version.version,
            report=report,
            worst=_worst(scored),
            left_out=left_out,
        )

    async def _score(self, served: Served, archive: Zip, labels: Labels) -> Scored:
        scored = Scored(left_out=list(labels.left_out))
        for chunk in _chunks(labels.samples):
            images = await asyncio.to_thread(_read, archive, chunk, scored)
            if images:
                samples = [chunk[place] for place in images]
                await self._judge(served, samples, list(images.values()), scored)
        return scored

    async def _judge(
        self, served: Served, samples: Sequence[Labelled], images: Sequence[bytes], scored: Scored
    ) -> None:
        answers = await self._predictor.answers(served, images, leaves_out=True)
        for problem in answers.problems:
            scored.left_out.append(_about(samples[problem.row or 0], problem.message))
        for place, prediction in answers.predictions.items():
            sample = samples[place]
            try:
                score = served.codec.score(prediction, sample.truth, served.card)
            except BadInput as error:
                scored.left_out.append(_about(sample, error.detail))
            else:
                scored.names.append(sample.name)
                scored.judged.append(Judged(SUBSET, sample.truth, prediction, score))


async def sweep(storage: Storage) -> None:
    """Until cancelled: removes what a killed room or gateway has left behind."""
    while True:
        try:
            await sweep_once(storage)
        except Unavailable as error:
            log.warning("sweep_waits", code=error.code)
        await asyncio.sleep(SWEEP_SECONDS)


async def sweep_once(storage: Storage, older_than: timedelta = FORGOTTEN_AFTER) -> None:
    since = now() - older_than
    found = await storage.list_objects(artifacts.LABELLED_SAMPLES)
    old = [each.key for each in found if each.modified_at is not None and each.modified_at < since]
    await storage.remove(old)


async def _fetch(storage: Storage, key: str, file: BinaryIO) -> None:
    stored = await storage.stat(key)
    async for chunk in storage.stream(key, 0, stored.size_bytes):
        await asyncio.to_thread(file.write, chunk)
    file.seek(0)


def _chunks(samples: Sequence[Labelled]) -> Iterator[Sequence[Labelled]]:
    """Few enough to be held in memory."""
    start = size_bytes = 0
    for end, sample in enumerate(samples):
        if end > start and (
            end - start == CHUNK_SAMPLES or size_bytes + sample.file.size_bytes > CHUNK_BYTES
        ):
            yield samples[start:end]
            start, size_bytes = end, 0
        size_bytes += sample.file.size_bytes
    if samples:
        yield samples[start:]


def _read(archive: Zip, samples: Sequence[Labelled], scored: Scored) -> dict[int, bytes]:
    """By place; what cannot be unpacked is left out."""
    found: dict[int, bytes] = {}
    for place, sample in enumerate(samples):
        if sample.file.size_bytes > MAX_SAMPLE_BYTES:
            message = f"{sample.file.size_bytes} bytes; a sample may have {MAX_SAMPLE_BYTES}"
            scored.left_out.append(_about(sample, message))
            continue
        try:
            found[place] = archive.read(sample.file)
        except FileIsDamaged as error:
            scored.left_out.append(_about(sample, error.detail))
    return found


def _about(sample: Labelled, message: str) -> Problem:
    return Problem(row=sample.row, field=sample.name, message=message)


def _worst(scored: Scored) -> tuple[LabelledAnswer, ...]:
    pairs = zip(scored.names, scored.judged, strict=True)
    return tuple(
        LabelledAnswer(
            name=name,
            truth=judged.truth,
            correct=judged.score.is_correct,
            score=judged.score.score,
            prediction=judged.prediction,
        )
        for name, judged in nsmallest(NUM_WORST, pairs, key=lambda pair: pair[1].score.score)
    )
