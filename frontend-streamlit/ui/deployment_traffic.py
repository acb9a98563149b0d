"""How a deployment is asked: each version's figures beside each other, and minute by minute as charts."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

import streamlit as st

from libs.common.contracts.deployments import Deployment, DeploymentTraffic, TrafficMinute, VersionTraffic
from ui.comparison_charts import COLORS
from ui.deployment_rows import name_of
from ui.states import counted, empty_state, escaped

ERROR_COLOR = "#d6455d"
MINUTE = timedelta(minutes=1)
# A minute between two without requests is a dot; among many minutes dots are noise.
MOST_DOTS = 90
Role = Literal["serving", "on trial", "earlier"]
# In the order to show them.
ROLES: dict[Role, Literal["green", "orange", "gray"]] = {
    "serving": "green",
    "on trial": "orange",
    "earlier": "gray",
}
Version = tuple[str, int]
Figure = Callable[[TrafficMinute], float | None]


def traffic_view(traffic: DeploymentTraffic, deployment: Deployment, until: datetime) -> None:
    if not traffic.versions:
        empty_state("timeline", "Nobody asked it within this time. Ask it something on the Predict page.")
        return
    ordered = sorted(traffic.versions, key=lambda each: _order(each, deployment))
    for first in range(0, len(ordered), 2):
        pair = ordered[first : first + 2]
        for column, each in zip(st.columns(len(pair)), pair, strict=True):
            with column:
                version_card(each, role_of(each, deployment))
    if traffic.errors:
        codes = sorted(traffic.errors.items(), key=lambda each: -each[1])
        st.caption("Refused or failed: " + " · ".join(f"{escaped(code)} **{n:,}**" for code, n in codes))
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**Requests** · per minute")
        st.echarts_chart(
            requests_option(traffic, until),
            height=240,
            alt="Requests per minute by version",
            key="deployment.requests",
        )
    with right, st.container(border=True):
        st.markdown("**Latency** · ms, p95 and, dashed, p50")
        st.echarts_chart(
            latency_option(traffic, until), height=240, alt="Latency by version", key="deployment.latency"
        )


def version_card(each: VersionTraffic, role: Role) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{name_of(each.model, each.version)}**", width="content")
            st.badge(role, color=ROLES[role])
        with st.container(horizontal=True):
            st.metric("Requests", f"{each.num_requests:,}", help=counted(each.num_images, "picture"))
            st.metric("Errors", share(each.num_errors, each.num_requests), help=f"{each.num_errors:,}")
            st.metric("p50", milliseconds(each.p50_ms))
            st.metric("p95", milliseconds(each.p95_ms), help=f"p99 {milliseconds(each.p99_ms)}")


def share(count: int, total: int) -> str:
    if not count:
        return "none"
    return f"{count / total:.1%}" if total else f"{count:,}"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"


def role_of(each: VersionTraffic, deployment: Deployment) -> Role:
    canary = deployment.canary
    if canary and (canary.model, canary.version) == (each.model, each.version):
        return "on trial"
    if deployment.serving == (each.model, each.version):
        return "serving"
    return "earlier"


def requests_option(traffic: DeploymentTraffic, until: datetime) -> dict[str, Any]:
    """Stacked bars; a minute of which nothing is told had no requests."""
    # Bars are stacked by their place in the list, so every series has the same minutes.
    minutes = sorted({each.at for each in traffic.series})
    series = [
        _bars(
            name_of(*version),
            COLORS[place % len(COLORS)],
            _counts(minutes, told, lambda each: each.num_requests - each.num_errors),
        )
        for place, (version, told) in enumerate(_by_version(traffic.series))
    ]
    if any(each.num_errors for each in traffic.series):
        errors = _counts(minutes, traffic.series, lambda each: each.num_errors)
        series.append(_bars("errors", ERROR_COLOR, errors))
    return _option(series, traffic.minutes, until)


def _counts(
    minutes: Sequence[datetime], told: Sequence[TrafficMinute], count: Callable[[TrafficMinute], int]
) -> list[list[int]]:
    counts = Counter[datetime]()
    for each in told:
        counts[each.at] += count(each)
    return [[_millis(at), counts[at]] for at in minutes]


def _bars(name: str, color: str, data: list[list[int]]) -> dict[str, Any]:
    return {
        "type": "bar",
        "stack": "requests",
        "name": name,
        "color": color,
        "barMaxWidth": 14,
        "barMinWidth": 2,
        "data": data,
    }


def latency_option(traffic: DeploymentTraffic, until: datetime) -> dict[str, Any]:
    """p95 as lines, p50 as dashes of the same colour."""
    lines: list[dict[str, Any]] = []
    for place, (version, minutes) in enumerate(_by_version(traffic.series)):
        color, name = COLORS[place % len(COLORS)], name_of(*version)
        lines.append(_line(f"{name} p95", color, "solid", _points(minutes, lambda each: each.p95_ms)))
        lines.append(_line(f"{name} p50", color, "dashed", _points(minutes, lambda each: each.p50_ms)))
    option = _option(lines, traffic.minutes, until)
    option["legend"]["data"] = [line["name"] for line in lines[::2]]
    return option


def _option(series: list[dict[str, Any]], minutes: int, until: datetime) -> dict[str, Any]:
    return {
        "animation": False,
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4g"},
        "legend": {"type": "scroll", "top": 0},
        "grid": {"left": 8, "right": 12, "top": 30, "bottom": 4, "containLabel": True},
        "xAxis": {
            "type": "time",
            "min": _millis(until - minutes * MINUTE),
            "max": _millis(until),
            "containShape": False,
        },
        "yAxis": {"type": "value", "min": 0},
        "series": series,
    }


def _line(name: str, color: str, kind: str, points: list[list[float | None]]) -> dict[str, Any]:
    return {
        "type": "line",
        "name": name,
        "color": color,
        "showSymbol": len(points) <= MOST_DOTS,
        "symbolSize": 4,
        "lineStyle": {"width": 1.5, "type": kind},
        "data": points,
    }


def _by_version(series: Sequence[TrafficMinute]) -> list[tuple[Version, list[TrafficMinute]]]:
    """In the order of their numbers, so that a version keeps its colour."""
    ordered = sorted(series, key=lambda each: (_version(each), each.at))
    return [(version, list(group)) for version, group in groupby(ordered, _version)]


def _points(minutes: Sequence[TrafficMinute], figure: Figure) -> list[list[float | None]]:
    """A line is broken where a minute is missing."""
    points: list[list[float | None]] = []
    last: datetime | None = None
    for each in minutes:
        if last is not None and each.at - last > MINUTE:
            points.append([_millis(last + MINUTE), None])
        points.append([_millis(each.at), figure(each)])
        last = each.at
    return points


def _order(each: VersionTraffic, deployment: Deployment) -> tuple[int, int]:
    return list(ROLES).index(role_of(each, deployment)), -each.version


def _version(each: TrafficMinute | VersionTraffic) -> Version:
    return each.model, each.version


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
