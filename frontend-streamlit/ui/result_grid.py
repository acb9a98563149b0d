"""What became of every sample of an evaluation: filtered, sorted, paged and opened."""

from collections.abc import Callable, Mapping

import streamlit as st
from comp.sample_grid import sample_grid
from comp.shown import Tones

from libs.common.contracts.evaluations import Evaluation
from libs.common.contracts.reports import ConfusionMatrix, EvaluationReport
from libs.common.contracts.results import SampleResult
from libs.common.errors import BadInput
from ui.address import address_search, address_select
from ui.answers import result_tile
from ui.result_detail import answer_of, result_detail
from ui.result_pages import NO_FILTER, SORTS, VERDICTS, Results, asked_results, result_tiles
from ui.run_data import RunData
from ui.states import empty_state, escaped
from ui.tile_bar import bottom_pager, chosen_size, open_sample, pager, range_of, size_choice
from ui.tiles import TilePage, Tiles, choose

MOST_CLASSES = 3000
SIZE = "results.size"


def result_grid(found: Evaluation, data: RunData) -> None:
    wanted, tones = asked_results(found.id), Tones(data.classes)
    filter_row(found, data.classes)
    tiles = result_tiles(wanted)
    try:
        page = tiles.page()
    except BadInput as error:
        lost(error)
        return
    count = total(wanted, page, found.report)
    with st.container(horizontal=True, vertical_alignment="center"):
        toolbar(wanted, tiles, page, count)
    if not page.items:
        nothing_found(wanted)
        return
    sample_grid(
        [result_tile(result, tones, data.kind) for result in page.items],
        key=f"results.grid.{found.id}",
        on_open=open_sample,
        on_turn=tiles.turn,
        has_previous=page.number > 1,
        has_next=page.next_cursor is not None,
        size=chosen_size(key=SIZE),
    )
    bottom_pager(tiles, page, key="results")
    if "sample" in st.query_params:
        result_detail(tiles, tones, count, lambda result: [answer_of(result)])


def filter_row(found: Evaluation, classes: tuple[str, ...]) -> None:
    """What there is nothing to choose from is left out."""
    names = {name: name for name in classes[:MOST_CLASSES]}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _select("Verdict", "verdict", VERDICTS, "Right and wrong", 135)
        if names:
            _select("True class", "class", names, "Any true class", 130)
            _select("Predicted class", "predicted", names, "Any prediction", 130)
        if len(found.subsets) > 1:
            _select("Subset", "subset", {name: name for name in found.subsets}, "All subsets", 115)
        address_search(
            "Search names", "name", key="results.name", on_choose=lambda text: choose(name=text), width=135
        )
        address_select(
            "Sort",
            "sort",
            {**SORTS},
            key="results.sort",
            default="score",
            on_choose=lambda sort: choose(sort=sort),
            width=140,
        )


def _select(label: str, part: str, options: Mapping[str, str], placeholder: str, width: int) -> None:
    on_choose: Callable[[str | None], None] = lambda value: choose(**{part: value})  # noqa: E731
    address_select(
        label,
        part,
        options,
        key=f"results.{part}",
        on_choose=on_choose,
        placeholder=placeholder,
        width=width,
    )


def toolbar(
    wanted: Results, tiles: Tiles[SampleResult], page: TilePage[SampleResult], count: int | None
) -> None:
    st.caption(range_of(page, count), width="content")
    if wanted.is_filtered:
        st.button(
            "Clear filters",
            key="results.clear",
            type="tertiary",
            icon=":material/filter_alt_off:",
            on_click=lambda: choose(**NO_FILTER),
        )
    st.space("stretch")
    size_choice(key=SIZE)
    pager(tiles, page, "top", key="results")


def total(wanted: Results, page: TilePage[SampleResult], report: EvaluationReport | None) -> int | None:
    """How many there are in all, where that is known without counting."""
    if page.next_cursor is None and (page.items or page.number == 1):
        return page.last
    if report is None:
        return None
    return _in_cell(wanted, report) if wanted.is_filtered else report.num_samples


def _in_cell(wanted: Results, report: EvaluationReport) -> int | None:
    if wanted.verdict or wanted.subset or wanted.text or not (wanted.label and wanted.predicted):
        return None
    for view in report.views:
        if isinstance(view, ConfusionMatrix) and {wanted.label, wanted.predicted} <= set(view.classes):
            return view.counts[view.classes.index(wanted.label)][view.classes.index(wanted.predicted)]
    return None


def nothing_found(wanted: Results) -> None:
    def show_all() -> None:
        choose(**NO_FILTER)
        st.rerun()

    if wanted.is_filtered:
        empty_state("filter_alt_off", "No sample is like that.", "Show all samples", show_all)
    else:
        empty_state("grid_view", "Nothing was evaluated sample by sample.")


def lost(error: BadInput) -> None:
    """An address that leads nowhere any more: a cursor of another order, a filter too long."""
    st.error(f"**{error.title}.** {escaped(error.detail)}", icon=":material/explore_off:")
    st.button(
        "First page",
        key="results.first",
        icon=":material/first_page:",
        on_click=lambda: choose(**NO_FILTER, sort=None),
    )
