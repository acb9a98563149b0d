"""Curves of several runs over each other: one chart per metric, one colour per run, smoothed on request."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from libs.common.contracts.comparisons import Curve

Axis = Literal["step", "epoch", "time"]
AXES: dict[Axis, str] = {"step": "Step", "epoch": "Epoch", "time": "Time"}
UNITS: dict[Axis, str] = {"step": "step", "epoch": "epoch", "time": "seconds since the start"}
# As in the theme, then darker and lighter ones: as many as can be compared.
COLORS = (
    *("#3f6fdc", "#e0a13a", "#2ba79b", "#d67a9b", "#8b6fd6", "#7d9b3f", "#5aa9e6", "#8c95a6"),
    *("#b3532e", "#1f7a5c", "#a23b72", "#4f4a9c", "#b8a400", "#2f6f8f", "#e3735e", "#6fc0a5"),
    *("#c9a0dc", "#8a6d3b", "#9ccc65", "#ff9eb5"),
)
FAINT = 0.2
Point = tuple[float, float]


def chart_option(
    curves: Sequence[Curve],
    names: Mapping[UUID, str],
    *,
    axis: Axis,
    smoothing: float = 0.0,
    is_log: bool = False,
) -> dict[str, Any]:
    """Smoothed lines are drawn over the faint ones that were measured."""
    places = {run_id: place for place, run_id in enumerate(names)}
    series = []
    for curve in curves:
        color = COLORS[places[curve.run_id] % len(COLORS)]
        points = [point for point in points_of(curve, axis) if not is_log or point[1] > 0]
        if smoothing:
            series.append(_line(None, points, color, opacity=FAINT))
            points = smoothed(points, smoothing)
        series.append(_line(names[curve.run_id], points, color))
    return {
        "animation": False,
        "tooltip": {"trigger": "axis", "valueFormatter": "%.5g"},
        "legend": {"type": "scroll", "bottom": 0, "data": list(names.values())},
        "grid": {"left": 60, "right": 20, "top": 16, "bottom": 52},
        "xAxis": {
            "type": "value",
            "name": UNITS[axis],
            "nameLocation": "middle",
            "nameGap": 26,
            "min": "dataMin",
            "max": "dataMax",
        },
        "yAxis": {"type": "log" if is_log else "value", "scale": True},
        "series": series,
    }


def points_of(curve: Curve, axis: Axis) -> list[Point]:
    """What is no number is no point."""
    pairs = zip(_positions(curve, axis), curve.values, strict=True)
    return [(x, y) for x, y in pairs if x is not None and math.isfinite(y)]


def smoothed(points: Sequence[Point], weight: float) -> list[Point]:
    """A moving average that forgets at `weight` per point, without the bias to zero of its first points."""
    found: list[Point] = []
    last = total = 0.0
    for x, y in points:
        last = weight * last + (1 - weight) * y
        total = weight * total + (1 - weight)
        found.append((x, last / total))
    return found


def _positions(curve: Curve, axis: Axis) -> Iterator[float | None]:
    match axis:
        case "step":
            yield from curve.steps
        case "time":
            yield from curve.seconds
        case "epoch":
            yield from _epochs(curve.epochs)


def _epochs(epochs: Sequence[int | None]) -> Iterator[float | None]:
    """Points of one epoch are spread over it, the last one at its end; people count epochs from one."""
    for epoch, group in groupby(epochs):
        size = len(list(group))
        for number in range(1, size + 1):
            yield None if epoch is None else epoch + number / size


def _line(name: str | None, points: Sequence[Point], color: str, opacity: float = 1.0) -> dict[str, Any]:
    line: dict[str, Any] = {
        "type": "line",
        "data": [list(point) for point in points],
        "showSymbol": len(points) == 1,
        "color": color,
        "lineStyle": {"width": 1.5 if opacity == 1 else 1, "opacity": opacity},
    }
    if name is None:
        return line | {"silent": True, "tooltip": {"show": False}}
    return line | {"name": name}
