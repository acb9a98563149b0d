"""The second layer of a task: arrays in and out of a served model, and what its answers are worth.

Evaluation and serving decode with the same function, so they cannot disagree. numpy and Pillow only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import Prediction
from libs.common.contracts.reports import EvaluationReport
from libs.tasks.images import read_pixels, require_one_frame


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of the served graph; `dims` without the batch, -1 where any size goes."""

    name: str
    dtype: Literal["uint8", "float32", "int64"]
    dims: tuple[int, ...]


# What every task of images takes: any size, pre-processing is in the graph.
IMAGES = TensorSpec("images", "uint8", (-1, -1, 3))


@dataclass(frozen=True)
class ServingSignature:
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class SampleScore:
    """`score` sorts the worst first; `is_correct` is None where a task knows no right and wrong.

    `confidence` is how sure the answer was, 0 to 1, whatever the truth is; None where an answer says no such.
    """

    is_correct: bool | None
    score: float
    loss: float | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Judged:
    """One sample with its truth, the answer to it and what the answer is worth."""

    subset: str
    truth: tuple[Annotation, ...]
    prediction: Prediction
    score: SampleScore


class Codec(Protocol):
    """To be inherited from: what has a body here fits every task of images."""

    def signature(self, card: ModelCard) -> ServingSignature:
        """Names, types and shapes; the exported graph and Triton's configuration both follow it."""
        ...

    def warm_up(self, card: ModelCard) -> dict[str, np.ndarray]:
        """One request, batch of one, by input name."""
        return {IMAGES.name: np.zeros((1, card.input.height, card.input.width, 3), np.uint8)}

    def encode(self, data: bytes) -> np.ndarray:
        """An encoded image as uint8 [height, width, 3]; raises ImageIsUnreadable."""
        return read_pixels(data)

    def receive(self, data: bytes) -> np.ndarray:
        """As `encode`, for what is sent to be predicted: of several frames nobody knows which is meant, so
        they raise ImageHasFrames."""
        require_one_frame(data)
        return self.encode(data)

    def decode(self, outputs: Mapping[str, np.ndarray], card: ModelCard) -> list[Prediction]:
        """One prediction per row of the batch."""
        ...

    def misfit(self, outputs: Mapping[str, np.ndarray], card: ModelCard) -> str | None:
        """Why these cannot be answers, though their shapes fit: a model from elsewhere may say anything."""
        return None

    def refuses(self, prediction: Prediction, card: ModelCard) -> bool:
        """Whether it is too unsure to be believed, as the calibration on the card has it."""
        return False

    def score(self, prediction: Prediction, truth: Sequence[Annotation], card: ModelCard) -> SampleScore: ...

    def report(self, judged: Iterable[Judged], card: ModelCard) -> EvaluationReport:
        """Aggregates by the task's metric keys, and the views worth looking at.

        `judged` is read once and may be longer than memory: keep numbers of it, not the answers.
        """
        ...
