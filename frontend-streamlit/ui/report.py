"""Views of an evaluation report as charts; which ones there are is the task's choice."""

from typing import Any, assert_never

import streamlit as st

from libs.common.contracts.reports import (
    ClassBars,
    ConfusionMatrix,
    Curve,
    Histogram,
    ReportView,
    Scatter,
)

MOST_BARS = 30


def report_view(view: ReportView) -> None:
    st.subheader(view.title)
    match view:
        case ConfusionMatrix():
            st.echarts_chart(
                confusion_option(view), height=420, alt=f"Confusion matrix of {len(view.classes)} classes"
            )
        case ClassBars():
            st.echarts_chart(bars_option(view), height=320, alt="Metrics per class")
        case Curve() | Scatter():
            st.echarts_chart(points_option(view), height=360, alt=view.title)
        case Histogram():
            st.echarts_chart(histogram_option(view), height=300, alt=view.title)
        case _:
            assert_never(view)


def confusion_option(view: ConfusionMatrix) -> dict[str, Any]:
    cells = [[j, i, count] for i, row in enumerate(view.counts) for j, count in enumerate(row)]
    return {
        "tooltip": {"position": "top"},
        "grid": {"left": 80, "right": 20, "top": 10, "bottom": 80},
        "xAxis": {
            "type": "category",
            "data": list(view.classes),
            "name": "predicted",
            "nameLocation": "middle",
            "nameGap": 30,
        },
        "yAxis": {"type": "category", "data": list(view.classes), "inverse": True, "name": "true"},
        "visualMap": {
            "min": 0,
            "max": max((count for *_, count in cells), default=1) or 1,
            "calculable": True,
            "orient": "horizontal",
            "left": "center",
            "bottom": 0,
        },
        "series": [{"type": "heatmap", "data": cells, "label": {"show": len(view.classes) <= 20}}],
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
    return {
        "tooltip": {"trigger": "axis" if kind == "line" else "item"},
        "xAxis": {"type": "value", "name": view.x_title},
        "yAxis": {"type": "value", "name": view.y_title},
        "series": [
            {
                "type": kind,
                "data": [list(pair) for pair in zip(view.x, view.y, strict=True)],
                "showSymbol": False,
            }
        ],
    }


def histogram_option(view: Histogram) -> dict[str, Any]:
    middles = [f"{(low + high) / 2:.3g}" for low, high in zip(view.edges, view.edges[1:], strict=False)]
    return {
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": middles, "name": view.x_title},
        "yAxis": {"type": "value"},
        "series": [{"type": "bar", "data": list(view.counts), "barCategoryGap": "5%"}],
    }
