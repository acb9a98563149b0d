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
from libs.common.errors import BadInput, Problem
from libs.tasks import registry
from libs.tasks.codec import Codec
from services.inference.errors import DeploymentIsNotReady, ImageIsRefused
from services.inference.triton import Triton

PREDICTIONS = Counter("modelyard_predictions_total", "Images answered", ["deployment", "version"])
REFUSALS = Counter("modelyard_prediction_errors_total", "Requests refused or failed", ["deployment", "code"])
SECONDS = Histogram("modelyard_prediction_seconds", "Time in the room per request", ["deployment", "version"])
NUM_DECODING_THREADS = 4


@dataclass(frozen=True)
class Served:
    """What answers under a deployment's name now."""

    name: str
    revision: int
    version: ModelVersion
    codec: Codec


class Predictor:
    """Knows what is served from the reconciler; decodes images off the event loop."""

    def __init__(self, triton: Triton) -> None:
        self._triton = triton
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

    def served(self, name: str) -> Served | None:
        return self._served.get(name)

    async def predict(self, name: str, images: Sequence[bytes]) -> PredictionAnswer:
        """In the order of `images`. Errors: ImageIsRefused names each bad image by its row."""
        started = time.perf_counter()
        served = self._served.get(name)
        if served is None:
            raise DeploymentIsNotReady(f"{name} is not loaded yet")
        try:
            predictions = await self._predict(served, images)
        except BadInput as error:
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

    async def _predict(self, served: Served, images: Sequence[bytes]) -> list[Prediction]:
        loop = asyncio.get_running_loop()
        pixels = await loop.run_in_executor(self._threads, _encode, served.codec, images)
        places_of: dict[tuple[int, ...], list[int]] = {}
        for place, image in enumerate(pixels):
            places_of.setdefault(image.shape, []).append(place)
        answers = await asyncio.gather(
            *(
                self._ask(served, np.stack([pixels[place] for place in places]))
                for places in places_of.values()
            )
        )
        found: list[Prediction | None] = [None] * len(images)
        for places, predictions in zip(places_of.values(), answers, strict=True):
            for place, prediction in zip(places, predictions, strict=True):
                found[place] = prediction
        return [each for each in found if each is not None]

    async def _ask(self, served: Served, batch: np.ndarray) -> list[Prediction]:
        card = served.version.card
        signature = served.codec.signature(card)
        inputs = {signature.inputs[0].name: batch}
        outputs = await self._triton.infer(served.name, served.revision, inputs, signature)
        return served.codec.decode(outputs, card)


def _encode(codec: Codec, images: Sequence[bytes]) -> list[np.ndarray]:
    pixels: list[np.ndarray] = []
    problems: list[Problem] = []
    for row, image in enumerate(images):
        try:
            pixels.append(codec.encode(image))
        except BadInput as error:
            problems.append(Problem(row=row, message=error.detail))
    if problems:
        raise ImageIsRefused(f"{len(problems)} of {len(images)} images cannot be used", errors=problems)
    return pixels
