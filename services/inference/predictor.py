"""Predictions: images in, typed answers out, through Triton; nothing is looked up that is known already."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from libs.common.contracts.deployments import PredictionAnswer
from libs.common.contracts.predictions import Prediction
from libs.common.errors import BadInput, ModelyardError, Problem
from libs.tasks.codec import Codec
from libs.tasks.images import MAX_PIXELS
from services.inference.errors import DeploymentIsNotReady, ImageIsRefused
from services.inference.served import Served, Shares
from services.inference.traffic import Traffic
from services.inference.triton import Triton

NUM_DECODING_THREADS = 4
PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.05
# Of all images of one request, decoded: small files can be huge pictures. One alone may be as large.
MAX_REQUEST_BYTES = 3 * MAX_PIXELS


class Predictor:
    """Knows what is served from the reconciler; decodes images off the event loop."""

    def __init__(self, triton: Triton, traffic: Traffic) -> None:
        self._triton = triton
        self._traffic = traffic
        self._served: dict[str, Shares] = {}
        self._threads = ThreadPoolExecutor(NUM_DECODING_THREADS, thread_name_prefix="decode")

    def serve(self, name: str, shares: Shares) -> None:
        known = self._served.get(name)
        # Told again in every round: the division goes on where it was.
        if known is None or not known.is_same(shares):
            self._served[name] = shares

    def forget(self, name: str) -> None:
        self._served.pop(name, None)

    def forget_all_but(self, names: set[str]) -> None:
        for name in set(self._served) - names:
            del self._served[name]
        self._traffic.forget_all_but(names)

    def knows(self, name: str) -> bool:
        return name in self._served

    async def predict(self, name: str, images: Sequence[bytes]) -> PredictionAnswer:
        """In the order of `images`. Errors: ImageIsRefused names each bad image by its row."""
        started = time.perf_counter()
        if not self.knows(name):
            self._traffic.failed(name, None, DeploymentIsNotReady.code)
        chosen = self._now(name).next()
        try:
            with self._traffic.in_flight(name):
                pixels = await self._decoded(chosen.codec, images)
                served, predictions = await self._patiently(name, chosen, pixels)
        except ModelyardError as error:
            self._traffic.failed(name, chosen.version, error.code)
            raise
        seconds = time.perf_counter() - started
        self._traffic.answered(name, served.version, len(images), seconds)
        return PredictionAnswer(
            deployment=name,
            model=served.version.model,
            version=served.version.version,
            predictions=tuple(predictions),
            latency_ms=seconds * 1000,
        )

    def _now(self, name: str) -> Shares:
        if name not in self._served:
            raise DeploymentIsNotReady(f"{name} is not loaded yet")
        return self._served[name]

    async def _decoded(self, codec: Codec, images: Sequence[bytes]) -> list[np.ndarray]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _encode, codec, images)

    async def _patiently(
        self, name: str, served: Served, pixels: Sequence[np.ndarray]
    ) -> tuple[Served, list[Prediction]]:
        """Of a swap the news may come a moment after Triton has let go of the old revision, and a canary may
        not be loaded again yet: whoever asked gets the main revision's answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return served, await self._predict(served, pixels)
            except DeploymentIsNotReady:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(POLL_SECONDS)
            served = self._now(name).main

    async def _predict(self, served: Served, pixels: Sequence[np.ndarray]) -> list[Prediction]:
        batches = _batches(pixels, served.max_batch_size)
        answers = await asyncio.gather(
            *(self._ask(served, np.stack([pixels[place] for place in places])) for places in batches)
        )
        found = {
            place: prediction
            for places, predictions in zip(batches, answers, strict=True)
            for place, prediction in zip(places, predictions, strict=True)
        }
        return [found[place] for place in range(len(pixels))]

    async def _ask(self, served: Served, batch: np.ndarray) -> list[Prediction]:
        signature = served.codec.signature(served.card)
        inputs = {signature.inputs[0].name: batch}
        outputs = await self._triton.infer(served.triton_model, served.revision, inputs, signature)
        return served.codec.decode(outputs, served.card)


def _batches(pixels: Sequence[np.ndarray], size: int) -> list[list[int]]:
    """Places of images of one size, as many as the model takes at once."""
    places_of: dict[tuple[int, ...], list[int]] = {}
    for place, image in enumerate(pixels):
        places_of.setdefault(image.shape, []).append(place)
    return [
        places[start : start + size] for places in places_of.values() for start in range(0, len(places), size)
    ]


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
