"""One sample large, with every annotation and all that is known of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import streamlit as st
from settings import settings

from comp import register
from comp.sample_grid import Verdict
from comp.shown import Lines, Tones, fields_of, kind_of, plain, shapes_of
from libs.common.contracts.predictions import Prediction
from libs.common.contracts.samples import Sample

Way = Literal["next", "previous"]
WAYS: tuple[Way, ...] = ("next", "previous")

_VIEW = register("sample_view", shared=("elements", "overlay", "masks", "picture", "side", "answer"))


@dataclass(frozen=True)
class Surroundings:
    """`place` says which of how many; the neighbours are fetched ahead, so that turning to them is quick."""

    place: str = ""
    has_previous: bool = False
    has_next: bool = False
    neighbours: Sequence[UUID] = ()


@dataclass(frozen=True)
class Answer:
    """What a model said about the sample, and whether it was right."""

    prediction: Prediction
    title: str = ""
    verdict: Verdict | None = None
    facts: Lines = field(default_factory=list)


def sample_view(
    sample: Sample,
    tones: Tones,
    facts: Lines,
    *,
    key: str,
    on_move: Callable[[Way], None],
    around: Surroundings | None = None,
    answers: Sequence[Answer] = (),
) -> None:
    """With `answers` the annotations are what they are measured by."""
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
            "answers": [_told(answer) for answer in answers],
            "classes": tones.classes,
            "place": around.place,
            "has_previous": around.has_previous,
            "has_next": around.has_next,
            "neighbours": [str(each) for each in around.neighbours],
        },
        on_moved_change=moved,
    )


def _told(answer: Answer) -> dict[str, Any]:
    return vars(answer) | {"prediction": answer.prediction.model_dump(mode="json")}
