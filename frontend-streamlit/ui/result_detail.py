"""One sample with what models said about it, in a window of its own."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import streamlit as st
from comp.sample_view import Answer, sample_view
from comp.shown import Lines, Tones
from session import yard

from libs.common.contracts.results import Answered, ResultPair, SampleResult
from libs.common.contracts.samples import Sample
from libs.common.errors import NotFound
from ui.address import given_id, go
from ui.answers import percent, said, verdict_of
from ui.states import escaped
from ui.tile_bar import around
from ui.tiles import Tiles

Result = TypeVar("Result", SampleResult, ResultPair)


@st.dialog("Sample", width="large", icon=":material/image_search:", on_dismiss=lambda: go(sample=None))
def result_detail(
    tiles: Tiles[Result],
    tones: Tones,
    total: int | None,
    answers: Callable[[Result], Sequence[Answer]],
) -> None:
    """Goes from sample to sample by itself: the address says which, the page behind it waits."""
    page = tiles.page()
    sample_id = given_id("sample")
    place = page.place_of(sample_id) if sample_id else None
    if place is None:
        st.error("This sample is not on the page that is shown.", icon=":material/search_off:")
        return
    result = page.items[place]
    sample = _stored(result.sample_id)
    if sample is None:
        _without_sample(result, answers(result))
        return
    sample_view(
        # With the truth that it was measured by: its annotations may have changed since.
        sample.model_copy(update={"annotations": result.truth}),
        tones,
        _facts(result, sample),
        key="results.view",
        on_move=lambda way: tiles.move(result.sample_id, way),
        around=around(page, place, total),
        answers=answers(result),
    )
    st.page_link(
        "app_pages/browse.py",
        label="In its dataset",
        icon=":material/grid_view:",
        query_params={"dataset": str(sample.dataset_id), "sample": str(sample.id)},
        width="content",
    )


def answer_of(answered: Answered, title: str = "") -> Answer:
    told = {
        "Confidence": percent(answered.confidence),
        "Loss": "" if answered.loss is None else f"{answered.loss:.4g}",
        "Score": f"{answered.score:.4g}",
    }
    facts = [(name, value) for name, value in told.items() if value]
    return Answer(answered.prediction, title, verdict_of(answered), facts)


def _facts(result: SampleResult | ResultPair, sample: Sample) -> Lines:
    return [
        ("Path", result.name),
        ("Subset", result.subset),
        *([("Pixels", f"{sample.width} × {sample.height}")] if sample.width else []),
        ("Id", str(result.sample_id)),
    ]


def _without_sample(result: SampleResult | ResultPair, answers: Sequence[Answer]) -> None:
    st.markdown(f"**{escaped(result.name)}**")
    st.caption("The sample itself has been deleted since; what was said about it is kept.")
    for answer in answers:
        st.caption(f"{answer.title} {escaped(said(answer.prediction))}")


# A sample is immutable but for its annotations, and those are taken from the result.
@st.cache_data(scope="session", max_entries=200, show_spinner=False)
def _stored(sample_id: UUID) -> Sample | None:
    try:
        return yard().samples.get(sample_id)
    except NotFound:
        return None
