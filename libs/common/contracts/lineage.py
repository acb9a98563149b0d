"""Lineage: from samples to what answers with them, as a graph."""

from typing import Literal

from libs.common.contracts.base import View

Kind = Literal["dataset", "split", "experiment", "run", "evaluation", "export", "model", "deployment"]


class LineageNode(View):
    """`id` is the thing's own, or its name where it has no other; `key` tells it from all other nodes."""

    key: str
    kind: Kind
    id: str
    name: str
    version: int | None = None
    state: str | None = None


class LineageEdge(View):
    """`target` was made from `source`, or repeats it."""

    source: str
    target: str
    relation: Literal["made", "repeated"] = "made"


class Lineage(View):
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
