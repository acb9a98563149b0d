"""A report as charts: the views are the task's choice, each drawn alike wherever it is shown."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, assert_never

import streamlit as st

from libs.common.contracts.reports import (
    ClassBars,
    ConfusionMatrix,
    Curve,
    EvaluationReport,
    Histogram,
    ReportView,
    Scatter,
    ThresholdSearch,
)
from ui.states import escaped

MOST_BARS = 30
MOST_NUMBERED = 20
# True class, predicted class.
OnCell = Callable[[str, str], None]


def report_views(report: EvaluationReport, *, key: str, on_cell: OnCell | None = None) -> None:
    """The large ones over the whole width, the others in pairs."""
    small: list[Callable[[], None]] = []
    for view in report.views:
        if isinstance(view, ConfusionMatrix | ClassBars):
            _confusion(view, key, on_cell) if isinstance(view, ConfusionMatrix) else report_view(view)
        else:
            small.append(lambda view=view: report_view(view))
    if report.threshold is not None:
        found = report.threshold
        small.append(lambda: threshold_view(found))
    for place in range(0, len(small), 2):
        for column, draw in zip(st.columns(2, gap="large"), small[place : place + 2], strict=False):
            with column:
                draw()


def report_view(view: ReportView) -> None:
    st.markdown(f"**{escaped(view.title)}**")
    match view:
        case ConfusionMatrix():
            st.echarts_chart(
                confusion_option(view),
                height=confusion_height(view),
                alt=f"Confusion matrix of {len(view.classes)} classes",
            )
        case ClassBars():
            st.echarts_chart(bars_option(view), height=320, alt="Metrics per class")
        case Curve() | Scatter():
            st.echarts_chart(points_option(view), height=320, alt=view.title)
        case Histogram():
            st.echarts_chart(histogram_option(view), height=320, alt=view.title)
        case _:
            assert_never(view)


def _confusion(view: ConfusionMatrix, key: str, on_cell: OnCell | None) -> None:
    """With `on_cell` a click on a cell that holds samples leads to them."""
    if on_cell is None:
        report_view(view)
        return
    st.markdown(f"**{escaped(view.title)}**")
    # A chart remembers what was chosen: whoever comes back from a cell finds another one.
    rounds = f"{key}.round"
    round_ = st.session_state.get(rounds, 0)
    chosen = st.echarts_chart(
        confusion_option(view, can_choose=True),
        height=confusion_height(view),
        key=f"{key}.{round_}",
        on_select="rerun",
        alt=f"Confusion matrix of {len(view.classes)} classes",
    )
    st.caption("Click a cell to see its samples.")
    if cell := chosen_cell(view, chosen["selection"]["selected"]):
        st.session_state[rounds] = round_ + 1
        on_cell(*cell)


def chosen_cell(view: ConfusionMatrix, selected: Sequence[dict[str, Any]]) -> tuple[str, str] | None:
    """What was chosen in another report may not be there in this one."""
    places = [place for group in selected for place in group["data_indices"]]
    cells = _cells(view)
    if not places or places[0] >= len(cells):
        return None
    predicted, true, count = cells[places[0]]
    return (view.classes[true], view.classes[predicted]) if count else None


def confusion_height(view: ConfusionMatrix) -> int:
    return min(720, max(300, 150 + 30 * len(view.classes)))


def _cells(view: ConfusionMatrix) -> list[tuple[int, int, int]]:
    return [(j, i, count) for i, row in enumerate(view.counts) for j, count in enumerate(row)]


def confusion_option(view: ConfusionMatrix, *, can_choose: bool = False) -> dict[str, Any]:
    cells = _cells(view)
    return {
        "tooltip": {"position": "top"},
        "grid": {"left": 36, "right": 24, "top": 8, "bottom": 84, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": list(view.classes),
            **_named("predicted"),
        },
        "yAxis": {"type": "category", "data": list(view.classes), "inverse": True, **_named("true", gap=36)},
        "visualMap": {
            "min": 0,
            "max": max((count for *_, count in cells), default=1) or 1,
            "calculable": True,
            "orient": "horizontal",
            "left": "center",
            "bottom": 0,
        },
        "series": [
            {
                "type": "heatmap",
                "data": [list(cell) for cell in cells],
                "label": {"show": len(view.classes) <= MOST_NUMBERED},
                **({"selectedMode": "single"} if can_choose else {}),
            }
        ],
    }


def bars_option(view: ClassBars) -> dict[str, Any]:
    keys = list(dict.fromkeys(key for bar in view.bars for key in bar.values))
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"data": keys},
        "xAxis": {"type": "category", "data": [bar.name for bar in view.bars]},
        "yAxis": {"type": "value", "max": 1},
        # Of many, as many as can be told apart; the others are a scroll away.
        "dataZoom": [{"type": "slider", "endValue": MOST_BARS - 1}] if len(view.bars) > MOST_BARS else [],
        "series": [
            {"type": "bar", "name": key, "data": [bar.values.get(key) for bar in view.bars]} for key in keys
        ],
    }


def points_option(view: Curve | Scatter) -> dict[str, Any]:
    kind = "line" if isinstance(view, Curve) else "scatter"
    diagonal = view.diagonal if isinstance(view, Curve) else ""
    return {
        "tooltip": {"trigger": "axis" if kind == "line" else "item", "valueFormatter": "%.4g"},
        "legend": {"show": bool(diagonal), "top": 0},
        "grid": {**GRID, "top": 40} if diagonal else GRID,
        "xAxis": {"type": "value", **_named(view.x_title), **_range(view.x)},
        "yAxis": {"type": "value", **_named(view.y_title, gap=38), **_range(view.y)},
        "series": [
            {
                "type": kind,
                "name": view.y_title,
                "data": [list(pair) for pair in zip(view.x, view.y, strict=True)],
                "showSymbol": len(view.x) <= MOST_NUMBERED,
            },
            *(_diagonal(diagonal) if diagonal else ()),
        ],
    }


def _diagonal(name: str) -> Iterator[dict[str, Any]]:
    yield {
        "type": "line",
        "name": name,
        "data": [[0, 0], [1, 1]],
        "showSymbol": False,
        "silent": True,
        "lineStyle": {"type": "dashed", "width": 1, "color": "#8c95a6"},
        "itemStyle": {"color": "#8c95a6"},
    }


def histogram_option(view: Histogram) -> dict[str, Any]:
    middles = [f"{(low + high) / 2:.3g}" for low, high in zip(view.edges, view.edges[1:], strict=False)]
    return {
        "tooltip": {"trigger": "axis"},
        "grid": GRID,
        "xAxis": {"type": "category", "data": middles, **_named(view.x_title)},
        "yAxis": {"type": "value", **_named("samples", gap=38)},
        "series": [{"type": "bar", "name": "samples", "data": list(view.counts), "barCategoryGap": "5%"}],
    }


def threshold_view(found: ThresholdSearch) -> None:
    st.markdown("**Thresholds**")
    st.echarts_chart(threshold_option(found), height=320, alt=f"Best threshold by {found.metric}")
    st.caption(f"Best by {escaped(found.metric)}: **{found.best:.4g}**. A deployment may be served with it.")


def threshold_option(found: ThresholdSearch) -> dict[str, Any]:
    """A line per metric; the best threshold is where the searched one is largest."""
    best = {"symbol": "none", "data": [{"xAxis": found.best}], "label": {"formatter": f"{found.best:.3g}"}}
    return {
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4f"},
        "legend": {"data": list(found.values), "top": 0},
        "grid": {**GRID, "top": 40},
        "xAxis": {"type": "value", **_named("threshold"), **_range(found.thresholds)},
        "yAxis": {"type": "value", **_range([value for values in found.values.values() for value in values])},
        "series": [
            {
                "type": "line",
                "name": name,
                "showSymbol": False,
                "data": [list(pair) for pair in zip(found.thresholds, values, strict=True)],
                **({"markLine": best} if name == found.metric else {}),
            }
            for name, values in found.values.items()
        ],
    }


# Beside the numbers of an axis there is room for its name.
GRID = {"left": 36, "right": 24, "top": 16, "bottom": 40, "containLabel": True}


def _named(title: str, gap: int = 28) -> dict[str, Any]:
    return {"name": title, "nameLocation": "middle", "nameGap": gap}


def _range(values: Sequence[float]) -> dict[str, float]:
    """Shares are drawn from 0 to 1, so that charts can be compared."""
    return {"min": 0, "max": 1} if values and 0 <= min(values) <= max(values) <= 1 else {}
