"""Samples as a grid of thumbnails: opened, ticked and paged by mouse and keyboard."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import streamlit as st
from settings import settings

from comp import register
from comp.shown import Kind, Shapes, Tones, fields_of, kind_of, line_of, outlines_of
from libs.common.contracts.samples import Sample

Verdict = Literal["right", "wrong"]
Way = Literal["next", "previous"]
WAYS: tuple[Way, ...] = ("next", "previous")
TILE_SIZES = {"small": "6.5rem", "medium": "8.5rem", "large": "12.5rem"}
TileSize = Literal["small", "medium", "large"]
MOST_LETTERS = 200
MOST_FIELDS = 12

_GRID = register("sample_grid", shared=("elements", "overlay", "masks"))


@dataclass(frozen=True)
class Row:
    """A line under a thumbnail: `mark` tells whose it is, `note` stands at its end."""

    text: str
    tone: int | None = None
    note: str = ""
    mark: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Tile:
    """`verdict` borders it: whether a model was right. `rows` stand in place of the classes."""

    id: UUID
    name: str
    kind: Kind = "image"
    width: int = 0
    height: int = 0
    labels: Sequence[Mapping[str, str | int]] = ()
    line: str = ""
    excerpt: str = ""
    fields: Sequence[tuple[str, str]] = ()
    shapes: Shapes = field(default_factory=list)
    verdict: Verdict | None = None
    rows: tuple[Row, ...] = ()

    @classmethod
    def of(cls, sample: Sample, tones: Tones) -> "Tile":
        return cls(
            id=sample.id,
            name=sample.name,
            kind=kind_of(sample),
            width=sample.width,
            height=sample.height,
            labels=tones.badges(sample.labels),
            line=line_of(sample)[:MOST_LETTERS],
            excerpt=sample.excerpt or "",
            fields=fields_of(sample)[:MOST_FIELDS],
            shapes=outlines_of(sample.annotations, tones),
        )

    def told(self) -> dict[str, Any]:
        """As the browser is told it."""
        return vars(self) | {"id": str(self.id), "rows": [vars(row) for row in self.rows]}


def sample_grid(
    tiles: Sequence[Tile],
    *,
    key: str,
    on_open: Callable[[UUID], None],
    on_turn: Callable[[Way], None],
    has_previous: bool = False,
    has_next: bool = False,
    can_tick: bool = False,
    size: TileSize = "medium",
) -> tuple[UUID, ...]:
    """The ids that are ticked, on this page and on those before it; a new key begins with none."""

    def opened() -> None:
        if sample_id := _id(st.session_state[key].opened):
            on_open(sample_id)

    def turned() -> None:
        if (way := st.session_state[key].turned) in WAYS:
            on_turn(way)

    result = _GRID(
        key=key,
        data={
            "url": settings().public_url,
            "tiles": [tile.told() for tile in tiles],
            "tile_size": TILE_SIZES[size],
            "has_previous": has_previous,
            "has_next": has_next,
            "can_tick": can_tick,
        },
        on_opened_change=opened,
        on_turned_change=turned,
        on_ticked_change=lambda: None,
    )
    return tuple(filter(None, map(_id, result.ticked or ())))


def _id(text: object) -> UUID | None:
    """What a browser says may be anything."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
