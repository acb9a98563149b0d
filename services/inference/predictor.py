"""Predictions: images in, typed answers out, through Triton; nothing is looked up that is known already."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from libs.common.contracts.deployments import PredictionAnswer
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import ClassPrediction, Prediction
from libs.common.contracts.problems import Problem
from libs.common.errors import ModelyardError, TimedOut
from services.inference.decoding import Decoder, Slice
from services.inference.errors import (
    DeploymentIsNotReady,
    ImageIsRefused,
    ImagesAreTooLarge,
    PredictionIsRefused,
)
from services.inference.served import Served, Shares
from services.inference.traffic import Traffic
from services.inference.triton import Triton

PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.05
# Of one request, however large its pictures are: longer nobody waits for it.
REQUEST_SECONDS = 60.0


@dataclass
class Answers:
    """Of one request by row, in order; `problems` of the rows that no answer could be given to."""

    predictions: dict[int, Prediction] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    are_too_large: bool = True

    def note(self, decoded: Slice) -> None:
        self.problems += decoded.problems
        self.are_too_large &= decoded.are_too_large or not decoded.problems


class Predictor:
    """Knows what is served from the reconciler."""

    def __init__(self, triton: Triton, traffic: Traffic) -> None:
        self._triton = triton
        self._traffic = traffic
        self._served: dict[str, Shares] = {}
        self.just_forgotten: set[str] = set()
        self._decoder = Decoder()

    def serve(self, name: str, shares: Shares) -> None:
        known = self._served.get(name)
        # Told again in every round: the division goes on where it was.
        if known is None or not known.is_same(shares):
            self._served[name] = shares

    def forget(self, name: str) -> None:
        """Deleted a moment ago: who reads the rows at this moment may still see it."""
        self._served.pop(name, None)
        self.just_forgotten.add(name)

    def forget_all_but(self, names: set[str]) -> None:
        for name in set(self._served) - names:
            del self._served[name]
        self._traffic.forget_all_but(names)

    def knows(self, name: str) -> bool:
        return name in self._served

    def main(self, name: str) -> Served:
        """What serves, whatever is on trial. Raises DeploymentIsNotReady."""
        return self._now(name).main

    async def predict(
        self, name: str, images: Sequence[bytes], *, leaves_out: bool = False
    ) -> PredictionAnswer:
        """In the order of `images`. Errors: ImageIsRefused names each bad image by its row, unless those are
        left out; PredictionIsRefused says of a single one that the model is not sure of it."""
        started = time.perf_counter()
        if not self.knows(name):
            self._traffic.failed(name, None, DeploymentIsNotReady.code)
        chosen = self._now(name).next()
        try:
            with self._traffic.in_flight(name):
                served, answers = await self._patiently(name, chosen, images, leaves_out)
            predictions = tuple(answers.predictions.values())
            refused = _refused(served, predictions)
            if refused and len(images) == 1 and not leaves_out:
                raise _refusal(predictions[0], served.card)
        except ModelyardError as error:
            self._traffic.failed(name, chosen.version, error.code)
            raise
        seconds = time.perf_counter() - started
        self._traffic.answered(name, served.version, len(predictions), seconds)
        return PredictionAnswer(
            deployment=name,
            model=served.version.model,
            version=served.version.version,
            predictions=predictions,
            refused=refused,
            left_out=tuple(answers.problems),
            latency_ms=seconds * 1000,
        )

    def _now(self, name: str) -> Shares:
        if name not in self._served:
            raise DeploymentIsNotReady(f"{name} is not loaded yet")
        return self._served[name]

    async def _patiently(
        self, name: str, served: Served, images: Sequence[bytes], leaves_out: bool
    ) -> tuple[Served, Answers]:
        """By one version from first to last. Of a swap the news may come a moment after Triton has let go of
        the old revision, and a canary may not be loaded again yet: whoever asked gets the main revision's
        answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return served, await self.answers(served, images, leaves_out=leaves_out)
            except DeploymentIsNotReady:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(POLL_SECONDS)
            served = self._now(name).main

    async def answers(self, served: Served, images: Sequence[bytes], *, leaves_out: bool) -> Answers:
        """Slice by slice. Once an image is refused the others are only looked at, to name them all."""
        answers, row = Answers(), 0
        deadline = time.monotonic() + REQUEST_SECONDS
        while row < len(images):
            if time.monotonic() > deadline:
                raise TimedOut(
                    f"{row} of {len(images)} images took {REQUEST_SECONDS:.0f} s: send fewer at once"
                )
            async with self._decoder.slice(served.codec, images, row) as decoded:
                answers.note(decoded)
                if leaves_out or not answers.problems:
                    found = await self._predict(served, decoded.pixels)
                    answers.predictions |= zip(decoded.rows, found, strict=True)
                row = decoded.end
        if answers.problems and not leaves_out:
            kind = ImagesAreTooLarge if answers.are_too_large else ImageIsRefused
            message = f"{len(answers.problems)} of {len(images)} images cannot be used"
            raise kind(message, errors=answers.problems)
        return answers

    async def _predict(self, served: Served, pixels: Sequence[np.ndarray]) -> list[Prediction]:
        batches = _batches(pixels, served.max_batch_size)
        answers = await asyncio.gather(
            *(self._ask(served, _joined([pixels[place] for place in places])) for places in batches)
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


def _joined(images: Sequence[np.ndarray]) -> np.ndarray:
    """As one batch; one alone is not copied for it."""
    return images[0][None] if len(images) == 1 else np.stack(images)


def _batches(pixels: Sequence[np.ndarray], size: int) -> list[list[int]]:
    """Places of images of one size, as many as the model takes at once."""
    places_of: dict[tuple[int, ...], list[int]] = {}
    for place, image in enumerate(pixels):
        places_of.setdefault(image.shape, []).append(place)
    return [
        places[start : start + size] for places in places_of.values() for start in range(0, len(places), size)
    ]


def _refused(served: Served, predictions: Sequence[Prediction]) -> tuple[int, ...]:
    return tuple(row for row, each in enumerate(predictions) if served.codec.refuses(each, served.card))


def _refusal(prediction: Prediction, card: ModelCard) -> PredictionIsRefused:
    threshold = card.calibration.get("threshold")
    asked = "" if threshold is None else f"; {threshold:.3g} is asked for"
    said = "its answer"
    if isinstance(prediction, ClassPrediction):
        said = f"{prediction.label!r} with a confidence of {prediction.score:.3g}"
    problem = Problem(row=0, message=f"{said}{asked}")
    return PredictionIsRefused(f"the model is not sure enough: {said}{asked}", errors=[problem])
