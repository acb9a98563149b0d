"""Rotated boxes as four corners, and back: the one place that knows which way angles turn.

`angle` goes clockwise on the screen, from the x axis to the side called `width`. The first corner is the
upper left one of the box before it was turned, the others follow clockwise: the side from the first corner
to the second is the width, and its direction is the angle.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry import MultiPoint, Polygon

from libs.common.contracts.annotations import Point, RotatedBoxAnnotation
from services.datasets.formats.tables.cells import CellIsBad

# Further away is no pixel of any image.
FURTHEST = 1e9
# What rounding does to the corners of a rectangle, as a part of its size and place.
ROUNDING = 1e-9
# What is thinner, in pixels, is a line.
THINNEST = 1e-9


@dataclass(frozen=True, slots=True)
class Turned:
    """`deviation` is how far, in pixels, a corner was moved to make it a rectangle."""

    cx: float
    cy: float
    width: float
    height: float
    angle: float
    deviation: float = 0.0


def corners_of(box: RotatedBoxAnnotation | Turned) -> tuple[Point, Point, Point, Point]:
    """Clockwise on the screen, from the upper left one."""
    cos, sin = math.cos(box.angle), math.sin(box.angle)
    ux, uy = box.width / 2 * cos, box.width / 2 * sin
    vx, vy = -box.height / 2 * sin, box.height / 2 * cos
    cx, cy = box.cx, box.cy
    return (
        (cx - ux - vx, cy - uy - vy),
        (cx + ux - vx, cy + uy - vy),
        (cx + ux + vx, cy + uy + vy),
        (cx - ux + vx, cy - uy + vy),
    )


def turned_box(points: Sequence[Point]) -> Turned:
    """Of four corners, in either direction; what is no rectangle becomes the smallest around it.

    Raises CellIsBad for what has no area, or lies outside of all images.
    """
    if not all(abs(number) <= FURTHEST for point in points for number in point):
        raise CellIsBad("box_invalid", "a corner is not a number, or far outside of any image")
    direct = _rectangle(points)
    size = max(direct.width, direct.height, *(abs(number) for point in points for number in point))
    if min(direct.width, direct.height) > THINNEST and direct.deviation <= ROUNDING * size:
        return Turned(direct.cx, direct.cy, direct.width, direct.height, direct.angle)
    return _around(points)


def _rectangle(points: Sequence[Point]) -> Turned:
    """As if it were one: its middle lines are its sides."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = points
    ux, uy = (x2 - x1 + x3 - x4) / 2, (y2 - y1 + y3 - y4) / 2
    vx, vy = (x4 - x1 + x3 - x2) / 2, (y4 - y1 + y3 - y2) / 2
    box = Turned(
        cx=(x1 + x2 + x3 + x4) / 4,
        cy=(y1 + y2 + y3 + y4) / 4,
        width=math.hypot(ux, uy),
        height=math.hypot(vx, vy),
        angle=math.atan2(uy, ux),
    )
    first, second, third, fourth = corners_of(box)
    # Counter-clockwise, the height points the other way.
    is_mirrored = ux * vy - uy * vx < 0
    wanted = (fourth, third, second, first) if is_mirrored else (first, second, third, fourth)
    return Turned(box.cx, box.cy, box.width, box.height, box.angle, _furthest(points, wanted))


def _around(points: Sequence[Point]) -> Turned:
    shape = shapely.oriented_envelope(MultiPoint(list(points)))
    if not isinstance(shape, Polygon):
        raise CellIsBad("box_empty", "its corners lie on one line: there is nothing in it")
    ring = [(x, y) for x, y in shape.exterior.coords[:4]]
    turns = [ring[place:] + ring[:place] for place in range(4)]
    turns += [turn[::-1] for turn in turns]
    # The corner that came first stays first: it says where the front is.
    nearest = min(turns, key=lambda turn: sum(map(math.dist, turn, points)))
    box = _rectangle(nearest)
    if min(box.width, box.height) <= THINNEST:
        raise CellIsBad("box_empty", "its corners lie on one line: there is nothing in it")
    return Turned(box.cx, box.cy, box.width, box.height, box.angle, _furthest(points, nearest))


def _furthest(points: Sequence[Point], others: Sequence[Point]) -> float:
    return max(map(math.dist, points, others))
