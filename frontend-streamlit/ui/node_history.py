"""What a node was like: one chart for each kind of figure that it tells."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from libs.common.contracts.system import NodeHistory, PartHistory

Figures = Callable[[PartHistory], Sequence[float | None]]
# A line that is further apart than this many points is broken: nothing was told meanwhile.
BROKEN_AFTER_POINTS = 2.5


@dataclass(frozen=True)
class Line:
    name: str
    at: Sequence[datetime]
    values: Sequence[float | None]


@dataclass(frozen=True)
class Chart:
    """`factor` makes of what is told what is shown: percent of shares."""

    title: str
    unit: str
    factor: float
    most: float | None
    lines: tuple[Line, ...]


def node_history(history: NodeHistory, *, key: str) -> None:
    charts = list(charts_of(history))
    if not charts:
        st.caption("Nothing was told within this time.")
    for first in range(0, len(charts), 2):
        for column, chart in zip(st.columns(2), charts[first : first + 2], strict=False):
            with column, st.container(border=True):
                st.markdown(f"**{chart.title}** · {chart.unit}")
                option = chart_option(chart, history)
                st.echarts_chart(
                    option, height=220, alt=f"{chart.title} over time", key=f"{key}.{chart.title}"
                )


def charts_of(history: NodeHistory) -> Iterator[Chart]:
    """Those that have a line."""
    disks = [part for part in history.parts if part.part.startswith("disk-")]
    others = [part for part in history.parts if not part.part.startswith("disk-")]
    found = (
        Chart("Use", "%", 100, 100, _lines(others, lambda part: part.use)),
        Chart("Memory", "%, peaks", 100, 100, _lines(others, lambda part: part.memory)),
        Chart("Temperature", "°C, peaks", 1, None, _lines(others, lambda part: part.temperature_celsius)),
        Chart("Power", "W", 1, None, _lines(others, lambda part: part.power_watts)),
        Chart("Disks", "% in use", 100, 100, _lines(disks, lambda part: part.use)),
    )
    return (chart for chart in found if chart.lines)


def chart_option(chart: Chart, history: NodeHistory) -> dict[str, Any]:
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"show": len(chart.lines) > 1, "top": 0},
        "grid": {
            "left": 8,
            "right": 12,
            "top": 28 if len(chart.lines) > 1 else 10,
            "bottom": 4,
            "containLabel": True,
        },
        "xAxis": {"type": "time", "min": _millis(history.since), "max": _millis(history.until)},
        "yAxis": {
            "type": "value",
            "min": 0 if chart.most else None,
            "max": chart.most,
            "scale": not chart.most,
        },
        "animation": False,
        "series": [
            {
                "type": "line",
                "name": line.name,
                "showSymbol": len(line.at) < 3,
                "lineStyle": {"width": 1.5},
                "data": _points(line, chart.factor, history.seconds),
            }
            for line in chart.lines
        ],
    }


def _lines(parts: Sequence[PartHistory], figures: Figures) -> tuple[Line, ...]:
    found = (Line(_name(part.part), part.at, figures(part)) for part in parts)
    return tuple(line for line in found if any(value is not None for value in line.values))


def _points(line: Line, factor: float, seconds: int) -> list[list[float | None]]:
    points: list[list[float | None]] = []
    last: datetime | None = None
    for at, value in zip(line.at, line.values, strict=True):
        if last is not None and (at - last).total_seconds() > BROKEN_AFTER_POINTS * seconds:
            points.append([_millis(last) + 1, None])
        points.append([_millis(at), None if value is None else round(value * factor, 2)])
        last = at
    return points


def _name(part: str) -> str:
    return {"cpu": "machine", "swap": "swap"}.get(part, part.removeprefix("disk-"))


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
