"""The one internal form of what is known about a sample, whatever format it came in.

Geometry is in pixels of the upright image (EXIF rotation applied): x to the right, y down, the origin is the
upper left corner of the upper left pixel. Predictions use the same, so a browser draws both over
`viewBox="0 0 width height"`.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from libs.common.contracts.base import View

Label = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Length = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Point = tuple[Number, Number]


class LabelAnnotation(View):
    """The sample is of one class."""

    type: Literal["label"] = "label"
    label: Label


class LabelsAnnotation(View):
    """The sample is of any number of classes; none is an answer too."""

    type: Literal["labels"] = "labels"
    labels: tuple[Label, ...]


class BoxAnnotation(View):
    """Upper left corner and size; `is_ignored`: neither a hit nor a miss (COCO crowd, VOC difficult)."""

    type: Literal["box"] = "box"
    label: Label
    x: Number
    y: Number
    width: Length
    height: Length
    is_ignored: bool = False


class RotatedBoxAnnotation(View):
    """Centre and size in pixels; `angle` in radians, clockwise on the screen, from the x axis to `width`."""

    type: Literal["rotated_box"] = "rotated_box"
    label: Label
    cx: Number
    cy: Number
    width: Length
    height: Length
    angle: Number
    is_ignored: bool = False


class PolygonAnnotation(View):
    """One instance of one or more parts, each a closed ring of at least three points in pixels."""

    type: Literal["polygon"] = "polygon"
    label: Label
    parts: tuple[Annotated[tuple[Point, ...], Field(min_length=3)], ...]
    is_ignored: bool = False


class MaskAnnotation(View):
    """COCO's compressed run-length code over `height` rows and `width` columns: an instance or an area."""

    type: Literal["mask"] = "mask"
    label: Label
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    rle: str
    is_ignored: bool = False


class KeypointsAnnotation(View):
    """(x, y, visibility) per keypoint, visibility as in COCO: 0 absent, 1 hidden, 2 visible."""

    type: Literal["keypoints"] = "keypoints"
    label: Label
    points: tuple[tuple[Number, Number, Literal[0, 1, 2]], ...]


class CaptionAnnotation(View):
    type: Literal["caption"] = "caption"
    text: str


class TargetAnnotation(View):
    """A number to be predicted, in its own unit."""

    type: Literal["target"] = "target"
    name: str = "target"
    value: Number


class TextAnnotation(View):
    """The sample is a text."""

    type: Literal["text"] = "text"
    text: str


Annotation = Annotated[
    LabelAnnotation
    | LabelsAnnotation
    | BoxAnnotation
    | RotatedBoxAnnotation
    | PolygonAnnotation
    | MaskAnnotation
    | KeypointsAnnotation
    | CaptionAnnotation
    | TargetAnnotation
    | TextAnnotation,
    Field(discriminator="type"),
]
