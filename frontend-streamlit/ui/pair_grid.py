"""What became of the samples that two evaluations have in common: filtered, sorted, paged and opened."""

from collections.abc import Sequence

import streamlit as st
from comp.sample_grid import sample_grid
from comp.shown import Tones

from libs.common.contracts.results import Agreement, EvaluationComparison, ResultPair
from ui.address import address_select
from ui.answers import pair_tile
from ui.pair_pages import NO_FILTER, Pairs, pair_tiles
from ui.result_detail import answer_of, result_detail
from ui.result_pages import SORTS
from ui.run_data import RunData
from ui.states import empty_state
from ui.tile_bar import bottom_pager, chosen_size, open_sample, pager, range_of, size_choice
from ui.tiles import TilePage, Tiles, choose

SIZE = "results.size"
WORDS = {
    Agreement.BOTH_RIGHT: "Both right",
    Agreement.ONLY_LEFT: "Only A right",
    Agreement.ONLY_RIGHT: "Only B right",
    Agreement.BOTH_WRONG: "Both wrong",
}


def pair_grid(found: EvaluationComparison, wanted: Pairs, data: RunData) -> None:
    tones = Tones(data.classes)
    filter_row(found, wanted, data.classes)
    tiles = pair_tiles(wanted)
    page = tiles.page()
    count = total(found, wanted, page)
    with st.container(horizontal=True, vertical_alignment="center"):
        toolbar(wanted, tiles, page, count)
    if not page.items:
        empty_state("filter_alt_off", "No sample is like that.")
        return
    sample_grid(
        [pair_tile(pair, tones, data.kind) for pair in page.items],
        key=f"compare_models.grid.{wanted.left}.{wanted.right}",
        on_open=open_sample,
        on_turn=tiles.turn,
        has_previous=page.number > 1,
        has_next=page.next_cursor is not None,
        size=chosen_size(key=SIZE),
    )
    bottom_pager(tiles, page, key="compare_models")
    if "sample" in st.query_params:
        result_detail(
            tiles,
            tones,
            count,
            lambda pair: [answer_of(pair.left, "A says"), answer_of(pair.right, "B says")],
        )


def filter_row(found: EvaluationComparison, wanted: Pairs, classes: Sequence[str]) -> None:
    subsets = [name for name in found.left.subsets if name in found.right.subsets]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _select("Right", "agreement", {each.value: word for each, word in WORDS.items()}, "Right or wrong")
        if classes:
            _select("True class", "class", {name: name for name in classes}, "Any true class")
        if len(subsets) > 1:
            _select("Subset", "subset", {name: name for name in subsets}, "All subsets")
        _select("Sort", "sort", {**SORTS}, None, default="score")
        only_left = found.counts.get(Agreement.ONLY_LEFT, 0)
        st.button(
            f"What B got wrong and A right ({only_left:,})",
            key="compare_models.lost",
            icon=":material/trending_down:",
            disabled=not only_left or wanted.agreement is Agreement.ONLY_LEFT,
            on_click=lambda: choose(agreement=Agreement.ONLY_LEFT.value),
        )


def _select(
    label: str, part: str, options: dict[str, str], placeholder: str | None, default: str | None = None
) -> None:
    def chosen(value: str | None) -> None:
        choose(**{part: value})

    address_select(
        label,
        part,
        options,
        key=f"compare_models.by.{part}",
        on_choose=chosen,
        placeholder=placeholder,
        default=default,
        width=160,
    )


def toolbar(wanted: Pairs, tiles: Tiles[ResultPair], page: TilePage[ResultPair], count: int | None) -> None:
    st.caption(range_of(page, count), width="content")
    if wanted.is_filtered:
        st.button(
            "Clear filters",
            key="compare_models.clear",
            type="tertiary",
            icon=":material/filter_alt_off:",
            on_click=lambda: choose(**NO_FILTER),
        )
    st.space("stretch")
    size_choice(key=SIZE)
    pager(tiles, page, "top", key="compare_models")


def total(found: EvaluationComparison, wanted: Pairs, page: TilePage[ResultPair]) -> int | None:
    """How many there are in all, where that is known without counting."""
    if page.next_cursor is None and (page.items or page.number == 1):
        return page.last
    if wanted.label or wanted.subset:
        return None
    return found.counts.get(wanted.agreement, 0) if wanted.agreement else found.num_shared
