"""One of COCO's annotations as ours: an outline, else a box; beside it keypoints; or a caption.

Where there is an outline the box follows from it and is compared only. Keypoints alone come with a box around
them that says nothing more.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
)
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.masks import MaskIsMalformed, area_of, box_of, compressed, counts_of
from services.datasets.formats.plan import Place, rejected, repaired, warning
from services.datasets.formats.tables.cells import CellIsBad, checked

# Pixels between a box and the outline it should be around, from which on somebody should look.
BOX_TOLERANCE = 2.0
NUMBER_TYPES = frozenset({int, float})
SMALLEST_RING = 6

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Outline:
    """`bounds` are x, y, width, height; `num_dropped` counts parts that are no polygons."""

    annotation: PolygonAnnotation | MaskAnnotation
    bounds: Bounds | None
    num_dropped: int = 0


def read_annotation(
    raw: Mapping[str, object], label: str, place: Place
) -> Iterator[Annotation | ImportProblem]:
    points, fault = _keypoints(raw.get("keypoints"), label)
    yield from _instance(raw, label, place, points)
    if points is not None:
        yield points
    elif fault is not None:
        yield rejected(place.path, fault.code, fault.message, row=place.row, level="annotation")


def read_caption(raw: Mapping[str, object], place: Place) -> CaptionAnnotation | ImportProblem:
    caption = raw["caption"]
    try:
        if not isinstance(caption, str) or not caption.strip():
            raise CellIsBad("caption_invalid", "the caption is no text, or empty")
        return CaptionAnnotation(text=checked(caption))
    except CellIsBad as bad:
        return rejected(place.path, bad.code, bad.message, row=place.row, level="annotation")


def _instance(
    raw: Mapping[str, object], label: str, place: Place, points: KeypointsAnnotation | None
) -> Iterator[Annotation | ImportProblem]:
    is_ignored = raw.get("iscrowd") == 1
    fault: CellIsBad | None = None
    try:
        if outline := _outline(raw.get("segmentation"), label, is_ignored):
            yield outline.annotation
            yield from _remarks(raw.get("bbox"), outline, place)
            return
    except CellIsBad as bad:
        fault = bad
    bounds = raw.get("bbox")
    if points is not None and fault is None and (bounds is None or bounds == list(hull_of(points))):
        return
    try:
        x, y, width, height = _bounds(bounds)
        yield BoxAnnotation(label=label, x=x, y=y, width=width, height=height, is_ignored=is_ignored)
        if fault is not None:
            yield repaired(place.path, fault.code, f"{fault.message}; its box is kept", row=place.row)
    except CellIsBad as bad:
        said = fault or bad
        yield rejected(place.path, said.code, said.message, row=place.row, level="annotation")


def _remarks(bounds: object, outline: Outline, place: Place) -> Iterator[ImportProblem]:
    if outline.num_dropped:
        message = f"{outline.num_dropped} parts of less than three points were dropped"
        yield repaired(place.path, "polygon_part_dropped", message, row=place.row)
    if bounds is None or outline.bounds is None:
        return
    try:
        away = max(map(_distance, _edges(_bounds(bounds)), _edges(outline.bounds)))
    except CellIsBad as bad:
        yield warning(place.path, bad.code, f"{bad.message}; its outline says where it is", row=place.row)
        return
    if away > BOX_TOLERANCE:
        message = f"its box and its outline are {away:.4g} pixels apart; the outline counts"
        yield warning(place.path, "box_differs", message, row=place.row)


def _outline(value: object, label: str, is_ignored: bool) -> Outline | None:
    """None where there is none; raises CellIsBad."""
    if value is None or value == [] or value == {}:
        return None
    match value:
        case dict():
            return _mask(value, label, is_ignored)
        case list():
            return _polygon(value, label, is_ignored)
    raise CellIsBad("segmentation_invalid", "the segmentation is neither polygons nor a mask")


def _polygon(value: Sequence[object], label: str, is_ignored: bool) -> Outline:
    rings = value if isinstance(value[0], list) else [value]
    flat = [numbers_of(ring, "segmentation_invalid") for ring in rings]
    if any(len(ring) % 2 for ring in flat):
        raise CellIsBad("segmentation_invalid", "a polygon has an odd count of numbers")
    whole = [ring for ring in flat if len(ring) >= SMALLEST_RING]
    if not whole:
        raise CellIsBad("segmentation_invalid", "a polygon has less than three points")
    parts = tuple(tuple(zip(ring[::2], ring[1::2], strict=True)) for ring in whole)
    polygon = PolygonAnnotation(label=label, parts=parts, is_ignored=is_ignored)
    return Outline(polygon, bounds_of(polygon), len(flat) - len(whole))


def _mask(value: Mapping[str, object], label: str, is_ignored: bool) -> Outline:
    match value:
        case {"size": [int() as height, int() as width], "counts": str() | list() as counts}:
            pass
        case _:
            raise CellIsBad("mask_malformed", "a mask has a size of two numbers, and counts")
    try:
        rle = counts if isinstance(counts, str) else compressed(counts, width, height)
        runs = counts_of(rle, width, height)
    except MaskIsMalformed as error:
        raise CellIsBad(error.code, error.detail) from error
    mask = MaskAnnotation(label=label, width=width, height=height, rle=rle, is_ignored=is_ignored)
    return Outline(mask, box_of(runs, height) if area_of(runs) else None)


def _keypoints(value: object, label: str) -> tuple[KeypointsAnnotation | None, CellIsBad | None]:
    """None for both where none is there: COCO writes zeros for people of whom nothing was marked."""
    try:
        flat = numbers_of(value, "keypoints_invalid") if value is not None else ()
        if len(flat) % 3 or not set(flat[2::3]) <= {0, 1, 2}:
            raise CellIsBad("keypoints_invalid", "keypoints are x, y and a visibility of 0, 1 or 2 each")
    except CellIsBad as bad:
        return None, bad
    if not any(flat[2::3]):
        return None, None
    points = zip(flat[::3], flat[1::3], map(int, flat[2::3]), strict=True)
    return KeypointsAnnotation.model_validate({"label": label, "points": tuple(points)}), None


def _bounds(value: object) -> Bounds:
    """Raises CellIsBad."""
    if value is None:
        raise CellIsBad("annotation_empty", "neither a box nor an outline")
    numbers = numbers_of(value, "box_invalid")
    if len(numbers) != 4:
        raise CellIsBad("box_invalid", f"a box has 4 numbers, not {len(numbers)}")
    x, y, width, height = numbers
    if width <= 0 or height <= 0:
        raise CellIsBad("box_empty", f"the box has no area: {width:g}×{height:g}")
    return x, y, width, height


def numbers_of(value: object, code: str) -> tuple[float, ...]:
    """Raises CellIsBad for what is not a list of numbers that a pixel can have."""
    if not isinstance(value, list) or not set(map(type, value)) <= NUMBER_TYPES:
        raise CellIsBad(code, "something else stands where a list of numbers should")
    try:
        numbers = tuple(map(float, value))
    except OverflowError as error:
        raise CellIsBad(code, "a number is too large") from error
    if not all(map(math.isfinite, numbers)):
        raise CellIsBad(code, "a number is not finite (NaN or infinity)")
    return numbers


def bounds_of(polygon: PolygonAnnotation) -> Bounds:
    return _around([point for part in polygon.parts for point in part])


def hull_of(keypoints: KeypointsAnnotation) -> Bounds:
    """Around those that are there."""
    return _around([(x, y) for x, y, visibility in keypoints.points if visibility])


def _around(points: Sequence[tuple[float, float]]) -> Bounds:
    columns, rows = [x for x, _ in points], [y for _, y in points]
    left, top = min(columns), min(rows)
    return left, top, max(columns) - left, max(rows) - top


def _edges(bounds: Bounds) -> Bounds:
    x, y, width, height = bounds
    return x, y, x + width, y + height


def _distance(one: float, other: float) -> float:
    return abs(one - other)
