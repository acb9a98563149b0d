"""What models answer, typed by kind; evaluation and serving use the same form. Geometry as in annotations."""

from typing import Annotated, Literal

from pydantic import Field

from libs.common.contracts.base import View


class ScoredLabel(View):
    label: str
    score: float


class ClassPrediction(View):
    """The best class with its probability, and the best classes from there down (twenty at most)."""

    type: Literal["class"] = "class"
    label: str
    score: float
    scores: tuple[ScoredLabel, ...]


class LabelsPrediction(View):
    """The classes above the model's threshold, and all with their probabilities."""

    type: Literal["labels"] = "labels"
    labels: tuple[str, ...]
    scores: tuple[ScoredLabel, ...]


class ValuePrediction(View):
    """A number in the target's own unit."""

    type: Literal["value"] = "value"
    value: float


class ScoredBox(View):
    """By centre and size, upright or not; `angle` in radians as in annotations, 0 for upright boxes."""

    label: str
    score: float
    cx: float
    cy: float
    width: float
    height: float
    angle: float = 0.0


class BoxesPrediction(View):
    """What was detected, the surest first."""

    type: Literal["boxes"] = "boxes"
    boxes: tuple[ScoredBox, ...]


class ScoredMask(View):
    label: str
    score: float
    rle: str


class MasksPrediction(View):
    """Instances or, with one mask per class, a segmented image; run-length codes as in annotations."""

    type: Literal["masks"] = "masks"
    width: int
    height: int
    masks: tuple[ScoredMask, ...]


class AnomalyPrediction(View):
    """`threshold` is the one the model was stored with; the heat map, if any, is a coarse grid in 0..1."""

    type: Literal["anomaly"] = "anomaly"
    score: float
    threshold: float
    is_anomalous: bool
    heat_map: tuple[tuple[float, ...], ...] = ()


class CodePrediction(View):
    """A binary code of `num_bits`, as hexadecimal text."""

    type: Literal["code"] = "code"
    num_bits: int
    code: str


class TextPrediction(View):
    type: Literal["text"] = "text"
    text: str


Prediction = Annotated[
    ClassPrediction
    | LabelsPrediction
    | ValuePrediction
    | BoxesPrediction
    | MasksPrediction
    | AnomalyPrediction
    | CodePrediction
    | TextPrediction,
    Field(discriminator="type"),
]
