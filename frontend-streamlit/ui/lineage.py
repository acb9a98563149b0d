"""Where a run or a version of a model comes from and what came of it, as a picture."""

from collections import defaultdict
from typing import Any

import streamlit as st

from libs.common.contracts.lineage import Lineage, LineageNode

# From left to right.
COLUMNS = ("dataset", "split", "experiment", "run", "evaluation", "export", "model", "deployment")
ROW = 80


def lineage_view(lineage: Lineage, own_key: str) -> None:
    """What it is about is drawn larger."""
    rows = max(len(members) for members in _by_kind(lineage).values())
    st.echarts_chart(
        lineage_option(lineage, own_key),
        height=80 + ROW * rows,
        alt=f"From data to deployment: {', '.join(node.name for node in lineage.nodes)}",
    )
    served(lineage)


def served(lineage: Lineage) -> None:
    """The way to what answers with it."""
    names = dict.fromkeys(node.name for node in lineage.nodes if node.kind == "deployment")
    if not names:
        return
    with st.container(horizontal=True):
        for name in names:
            st.page_link(
                "app_pages/deployment.py",
                label=name,
                icon=":material/rocket_launch:",
                query_params={"name": name},
                width="content",
            )


def lineage_option(lineage: Lineage, own_key: str) -> dict[str, Any]:
    """Each kind that there is a column, its things one below the other."""
    groups = _by_kind(lineage)
    kinds = sorted(groups, key=_column)
    nodes = [
        _node(node, column, row, is_own=node.key == own_key)
        for column, kind in enumerate(kinds)
        for row, node in enumerate(groups[kind])
    ]
    links = [
        {
            "source": edge.source,
            "target": edge.target,
            "lineStyle": {"type": "dashed" if edge.relation == "repeated" else "solid"},
        }
        for edge in lineage.edges
    ]
    series = {
        "type": "graph",
        "coordinateSystem": "cartesian2d",
        "data": nodes,
        "links": links,
        "edgeSymbol": ["none", "arrow"],
        "edgeSymbolSize": 8,
        "label": {"show": True, "position": "bottom", "formatter": "{b}"},
        "categories": [{"name": kind} for kind in kinds],
    }
    return {
        "legend": {"data": kinds, "top": 0},
        "tooltip": {"formatter": "{b}"},
        "grid": {"left": 10, "right": 10, "top": 30, "bottom": 20},
        "xAxis": _hidden(len(kinds)),
        "yAxis": {**_hidden(max(map(len, groups.values()))), "inverse": True},
        "series": [series],
    }


def _hidden(count: int) -> dict[str, Any]:
    """An axis with room for so many places."""
    return {"type": "value", "show": False, "min": -0.5, "max": count - 0.5}


def _node(node: LineageNode, column: int, row: int, *, is_own: bool) -> dict[str, Any]:
    name = f"{node.name} v{node.version}" if node.version is not None else node.name
    return {
        "id": node.key,
        "name": f"{name} · {node.state}" if node.state else name,
        "category": node.kind,
        "symbolSize": 30 if is_own else 20,
        "value": [column, row],
    }


def _by_kind(lineage: Lineage) -> dict[str, list[LineageNode]]:
    groups: dict[str, list[LineageNode]] = defaultdict(list)
    for node in lineage.nodes:
        groups[node.kind].append(node)
    return groups


def _column(kind: str) -> int:
    return COLUMNS.index(kind) if kind in COLUMNS else len(COLUMNS)
