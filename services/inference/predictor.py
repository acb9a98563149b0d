"""Predictions: images in, typed answers out, through Triton; nothing is looked up that is known already."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from prometheus_client import Counter, Histogram

from libs.common.contracts.deployments import PredictionAnswer
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.predictions import Prediction
from libs.common.errors import BadInput, ModelyardError, Problem
from libs.tasks import registry
from libs.tasks.codec import Codec
from libs.tasks.images import MAX_PIXELS
from services.inference.errors import DeploymentIsNotReady, ImageIsRefused
from services.inference.triton import Triton

PREDICTIONS = Counter("modelyard_predictions_total", "Images answered", ["deployment", "version"])
REFUSALS = Counter("modelyard_prediction_errors_total", "Requests refused or failed", ["deployment", "code"])
SECONDS = Histogram("modelyard_prediction_seconds", "Time in the room per request", ["deployment", "version"])
NUM_DECODING_THREADS = 4
PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.05
# Of all images of one request, decoded: small files can be huge pictures. One alone may be as large.
MAX_REQUEST_BYTES = 3 * MAX_PIXELS


@dataclass(frozen=True)
class Served:
    """What answers under a deployment's name now."""

    name: str
    revision: int
    version: ModelVersion
    codec: Codec


class Predictor:
    """Knows what is served from the reconciler; decodes images off the event loop."""

    def __init__(self, triton: Triton, max_batch_size: int) -> None:
        self._triton = triton
        self._max_batch_size = max_batch_size
        self._served: dict[str, Served] = {}
        self._threads = ThreadPoolExecutor(NUM_DECODING_THREADS, thread_name_prefix="decode")

    def serve(self, name: str, revision: int, version: ModelVersion) -> None:
        known = self._served.get(name)
        if known is None or known.revision != revision:
            codec = registry.task(version.task).load_codec()
            self._served[name] = Served(name, revision, version, codec)

    def forget_all_but(self, names: set[str]) -> None:
        for name in set(self._served) - names:
            del self._served[name]

    def knows(self, name: str) -> bool:
        return name in self._served

    async def predict(self, name: str, images: Sequence[bytes]) -> PredictionAnswer:
        """In the order of `images`. Errors: ImageIsRefused names each bad image by its row."""
        started = time.perf_counter()
        served = self._now(name)
        try:
            pixels = await self._decoded(served.codec, images)
            served, predictions = await self._patiently(name, pixels)
        except ModelyardError as error:
            REFUSALS.labels(name, error.code).inc()
            raise
        seconds = time.perf_counter() - started
        version = str(served.version.version)
        PREDICTIONS.labels(name, version).inc(len(images))
        SECONDS.labels(name, version).observe(seconds)
        return PredictionAnswer(
            deployment=name,
            model=served.version.model,
            version=served.version.version,
            predictions=tuple(predictions),
            latency_ms=seconds * 1000,
        )

    def _now(self, name: str) -> Served:
        if name not in self._served:
            raise DeploymentIsNotReady(f"{name} is not loaded yet")
        return self._served[name]

    async def _decoded(self, codec: Codec, images: Sequence[bytes]) -> list[np.ndarray]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _encode, codec, images)

    async def _patiently(self, name: str, pixels: Sequence[np.ndarray]) -> tuple[Served, list[Prediction]]:
        """Of a swap the news may come a moment after Triton has let go of the old revision."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            served = self._now(name)
            try:
                return served, await self._predict(served, pixels)
            except DeploymentIsNotReady:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(POLL_SECONDS)

    async def _predict(self, served: Served, pixels: Sequence[np.ndarray]) -> list[Prediction]:
        batches = self._batches(pixels)
        answers = await asyncio.gather(
            *(self._ask(served, np.stack([pixels[place] for place in places])) for places in batches)
        )
        found = {
            place: prediction
            for places, predictions in zip(batches, answers, strict=True)
            for place, prediction in zip(places, predictions, strict=True)
        }
        return [found[place] for place in range(len(pixels))]

    def _batches(self, pixels: Sequence[np.ndarray]) -> list[list[int]]:
        """Places of images of one size, as many as the model takes at once."""
        places_of: dict[tuple[int, ...], list[int]] = {}
        for place, image in enumerate(pixels):
            places_of.setdefault(image.shape, []).append(place)
        size = self._max_batch_size
        return [
            places[start : start + size]
            for places in places_of.values()
            for start in range(0, len(places), size)
        ]

    async def _ask(self, served: Served, batch: np.ndarray) -> list[Prediction]:
        card = served.version.card
        signature = served.codec.signature(card)
        inputs = {signature.inputs[0].name: batch}
        outputs = await self._triton.infer(served.name, served.revision, inputs, signature)
        return served.codec.decode(outputs, card)


def _encode(codec: Codec, images: Sequence[bytes]) -> list[np.ndarray]:
    pixels: list[np.ndarray] = []
    problems: list[Problem] = []
    size_bytes = 0
    for row, image in enumerate(images):
        try:
            pixels.append(codec.encode(image))
            size_bytes += pixels[-1].nbytes
        except BadInput as error:
            problems.append(Problem(row=row, message=error.detail))
        if size_bytes > MAX_REQUEST_BYTES:
            message = f"up to here the images have more than {MAX_PIXELS} pixels: send fewer at once"
            problems.append(Problem(row=row, message=message))
            break
    if problems:
        raise ImageIsRefused(f"{len(problems)} of {len(images)} images cannot be used", errors=problems)
    return pixels
