"""Annotations against the image they belong to: what lies outside is cut off, what is nothing is refused.

The same for all formats. Up to half a pixel beyond the edge is cut off in silence: programs round. A rotated
box stays whole as long as a part of it shows, because it cannot be cut. Of two annotations of a sample that
are equal in all they say, the second is left out, except of texts: two people may say the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    KeypointsAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
    RotatedBoxAnnotation,
)
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.corners import corners_of
from services.datasets.formats.masks import MaskIsMalformed, area_of, counts_of
from services.datasets.formats.plan import Place, rejected, repaired
from services.datasets.polygons import FARTHEST, fit_polygon, overlaps
from services.datasets.verdicts import TOLERANCE, Frame, Mended, Refused


@dataclass(frozen=True)
class Fitted:
    annotations: tuple[Annotation, ...]
    problems: tuple[ImportProblem, ...]


def fit(annotated: Iterable[tuple[Annotation, Place]], width: int, height: int) -> Fitted:
    """In their order; `width` and `height` are those of the upright image."""
    frame = Frame(width, height)
    fitted: list[Annotation] = []
    problems: list[ImportProblem] = []
    seen: dict[Annotation, Place] = {}
    for annotation, place in annotated:
        fitter = FITTERS.get(type(annotation))
        if fitter is None:
            fitted.append(annotation)
            continue
        num_seen = len(seen)
        first = seen.setdefault(annotation, place)
        if len(seen) == num_seen:
            problems.append(_repeated(place, first))
            continue
        verdict = fitter(annotation, frame)
        if isinstance(verdict, Refused):
            problems.append(
                rejected(place.path, verdict.code, verdict.message, row=place.row, level="annotation")
            )
            continue
        if isinstance(verdict, Mended):
            problems.append(repaired(place.path, verdict.code, verdict.message, row=place.row))
            verdict = verdict.annotation
        fitted.append(verdict)
    return Fitted(tuple(fitted), tuple(problems))


def _repeated(place: Place, first: Place) -> ImportProblem:
    where = f"row {first.row}" if first.row is not None else "one before"
    return ImportProblem(
        path=place.path,
        row=place.row,
        code="annotation_repeated",
        message=f"says the same of the same image as {where}; kept once",
        outcome="duplicate",
        level="annotation",
    )


def _box(box: BoxAnnotation, frame: Frame) -> BoxAnnotation | Mended | Refused:
    right, bottom = box.x + box.width, box.y + box.height
    if box.x >= 0 and box.y >= 0 and right <= frame.width and bottom <= frame.height:
        return box
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    width, height = min(right, frame.width) - left, min(bottom, frame.height) - top
    if width <= 0 or height <= 0:
        return Refused("box_outside", f"the box lies outside the image of {frame}")
    cut = box.model_copy(update={"x": left, "y": top, "width": width, "height": height})
    beyond = max(-box.x, -box.y, right - frame.width, bottom - frame.height)
    return cut if beyond <= TOLERANCE else frame.cut("box", cut, beyond)


def _rotated_box(box: RotatedBoxAnnotation, frame: Frame) -> RotatedBoxAnnotation | Refused:
    corners = corners_of(box)
    if all(0 <= x <= frame.width and 0 <= y <= frame.height for x, y in corners):
        return box
    if any(max(abs(x), abs(y)) > FARTHEST for x, y in corners):
        return Refused("coordinates_absurd", f"a corner lies more than {FARTHEST:,} pixels away")
    if not overlaps(corners, frame):
        return Refused("box_outside", f"the box lies outside the image of {frame}")
    return box


def _mask(mask: MaskAnnotation, frame: Frame) -> MaskAnnotation | Refused:
    if (mask.width, mask.height) != (frame.width, frame.height):
        return Refused("mask_size", f"a mask of {mask.width}×{mask.height} on an image of {frame}")
    try:
        area = area_of(counts_of(mask.rle, mask.width, mask.height))
    except MaskIsMalformed as error:
        return Refused(error.code, error.detail)
    return mask if area else Refused("mask_empty", "no pixel belongs to the mask")


def _keypoints(keypoints: KeypointsAnnotation, frame: Frame) -> KeypointsAnnotation | Mended | Refused:
    """Those outside become absent; the others stay, as the skeleton counts places."""
    points = tuple(_keypoint(*point, frame) for point in keypoints.points)
    if points == keypoints.points:
        return keypoints
    num_lost = sum(before[2] > after[2] for before, after in zip(keypoints.points, points, strict=True))
    if num_lost and not any(visibility for _, _, visibility in points):
        return Refused("keypoints_outside", f"all keypoints lie outside the image of {frame}")
    moved = keypoints.model_copy(update={"points": points})
    if not num_lost:
        return moved
    return Mended(moved, "keypoints_outside", f"{num_lost} keypoints outside the image are absent now")


def _keypoint(x: float, y: float, visibility: int, frame: Frame) -> tuple[float, float, int]:
    beyond = max(-x, -y, x - frame.width, y - frame.height)
    if not visibility or beyond <= 0:
        return x, y, visibility
    if beyond > TOLERANCE:
        return 0.0, 0.0, 0
    return min(max(x, 0.0), frame.width), min(max(y, 0.0), frame.height), visibility


# Labels, captions and numbers say nothing about places.
FITTERS: dict[type, Callable[[Any, Frame], Annotation | Mended | Refused]] = {
    BoxAnnotation: _box,
    RotatedBoxAnnotation: _rotated_box,
    PolygonAnnotation: fit_polygon,
    MaskAnnotation: _mask,
    KeypointsAnnotation: _keypoints,
}
