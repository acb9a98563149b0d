"""A sample as components show it: its kind, its lines, its shapes, and the colours of its classes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from libs.common.contracts.annotations import (
    Annotation,
    CaptionAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
    TargetAnnotation,
)
from libs.common.contracts.samples import Sample

Kind = Literal["image", "text", "row"]
Shapes = list[dict[str, Any]]
Lines = list[tuple[str, str]]
DRAWN = ("box", "rotated_box", "polygon", "mask", "keypoints")
# A thumbnail is small: more than this nobody sees, and a page of sixty has to travel.
MOST_SHAPES = 60
MOST_POINTS = 48
MOST_MASK_LETTERS = 20_000


class Tones:
    """One colour per class, the same in every view of a dataset: its place among the classes."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = list(classes)
        self._places = {name: place for place, name in enumerate(classes)}

    def of(self, label: str) -> int:
        return self._places.get(label, len(self._places))

    def knows(self, label: str) -> bool:
        return label in self._places

    def badges(self, labels: Iterable[str]) -> list[dict[str, str | int]]:
        return [{"text": label, "tone": self.of(label)} for label in labels]


def kind_of(sample: Sample) -> Kind:
    if sample.media_type.startswith("image/"):
        return "image"
    return "row" if fields_of(sample) else "text"


def fields_of(sample: Sample) -> Lines:
    """What is known of a row by name: its fields, else what its beginning says."""
    if sample.media_type.startswith(("image/", "text/")):
        return []
    values: Mapping[str, Any] = sample.fields or _object(sample.excerpt or "")
    return [(name, plain(value)) for name, value in values.items()]


def plain(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def line_of(sample: Sample) -> str:
    """What a sample without a class is told by: its caption, or the number to be predicted."""
    captions = (each.text for each in sample.annotations if isinstance(each, CaptionAnnotation))
    targets = (
        f"{each.name} {each.value:,.6g}" for each in sample.annotations if isinstance(each, TargetAnnotation)
    )
    return next(captions, None) or next(targets, "")


def shapes_of(annotations: Iterable[Annotation], tones: Tones) -> Shapes:
    """Every annotation whole; those that have no class have the colour behind the last class."""
    return [
        {**each.model_dump(mode="json"), "tone": tones.of(getattr(each, "label", ""))} for each in annotations
    ]


def outlines_of(annotations: Iterable[Annotation], tones: Tones) -> Shapes:
    """What a thumbnail shows of them: the first ones, with coarse rings and no masks of megabytes."""
    room, kept = MOST_MASK_LETTERS, []
    for each in annotations:
        if isinstance(each, MaskAnnotation):
            room -= len(each.rle)
        if each.type in DRAWN and (room >= 0 or not isinstance(each, MaskAnnotation)):
            kept.append(_coarse(each) if isinstance(each, PolygonAnnotation) else each)
    return shapes_of(kept[:MOST_SHAPES], tones)


def _coarse(polygon: PolygonAnnotation) -> PolygonAnnotation:
    parts = tuple(_thinned(part) for part in polygon.parts)
    return polygon.model_copy(update={"parts": parts})


def _thinned(ring: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    step = max(1, -(-len(ring) // MOST_POINTS))
    return tuple((round(x, 1), round(y, 1)) for x, y in ring[::step])


def _object(text: str) -> Mapping[str, Any]:
    """The text may be cut off, or be something else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
