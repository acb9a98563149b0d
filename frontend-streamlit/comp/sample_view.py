"""One sample large, with every annotation and all that is known of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import streamlit as st
from settings import settings

from comp import register
from comp.shown import Lines, Tones, fields_of, kind_of, plain, shapes_of
from libs.common.contracts.samples import Sample

Way = Literal["next", "previous"]
WAYS: tuple[Way, ...] = ("next", "previous")

_VIEW = register("sample_view", shared=("elements", "overlay", "masks", "picture", "side"))


@dataclass(frozen=True)
class Surroundings:
    """`place` says which of how many; the neighbours are fetched ahead, so that turning to them is quick."""

    place: str = ""
    has_previous: bool = False
    has_next: bool = False
    neighbours: Sequence[UUID] = ()


def sample_view(
    sample: Sample,
    tones: Tones,
    facts: Lines,
    *,
    key: str,
    on_move: Callable[[Way], None],
    around: Surroundings | None = None,
) -> None:
    around = around or Surroundings()

    def moved() -> None:
        if (way := st.session_state[key].moved) in WAYS:
            on_move(way)

    _VIEW(
        key=key,
        data={
            "url": settings().public_url,
            "sample": {
                "id": str(sample.id),
                "name": sample.name,
                "kind": kind_of(sample),
                "width": sample.width,
                "height": sample.height,
                "excerpt": sample.excerpt or "",
                "fields": fields_of(sample),
                "shapes": shapes_of(sample.annotations, tones),
            },
            "fields": [(name, plain(value)) for name, value in sample.fields.items()],
            "facts": facts,
            "place": around.place,
            "has_previous": around.has_previous,
            "has_next": around.has_next,
            "neighbours": [str(each) for each in around.neighbours],
        },
        on_moved_change=moved,
    )
