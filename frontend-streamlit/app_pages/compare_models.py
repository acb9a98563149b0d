"""Two evaluations on the same samples: whose metrics are better, and where each was right alone."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

import streamlit as st
from comp.sample_grid import sample_grid
from comp.shown import Tones
from session import yard
from ui.address import address_select, given_id
from ui.answers import pair_tile
from ui.model_sides import metrics_beside, side_choice
from ui.pair_pages import NO_FILTER, Pairs, asked_pairs, compared, pair_tiles
from ui.result_detail import answer_of, result_detail
from ui.result_pages import SORTS
from ui.run_data import RunData, run_data
from ui.states import counted, empty_state, escaped
from ui.tile_bar import bottom_pager, chosen_size, open_sample, pager, range_of, size_choice
from ui.tiles import TilePage, Tiles, choose

from libs.common.contracts.evaluations import EvaluationState, EvaluationSummary
from libs.common.contracts.results import Agreement, EvaluationComparison, ResultPair
from libs.common.errors import BadInput, Conflict, NotFound

MOST_OFFERED = 200
SIZE = "results.size"
WORDS = {
    Agreement.BOTH_RIGHT: "Both right",
    Agreement.ONLY_LEFT: "Only A right",
    Agreement.ONLY_RIGHT: "Only B right",
    Agreement.BOTH_WRONG: "Both wrong",
}
# As a table: A right or wrong by rows, B right or wrong by columns.
CELLS = (
    (Agreement.BOTH_RIGHT, Agreement.ONLY_LEFT),
    (Agreement.ONLY_RIGHT, Agreement.BOTH_WRONG),
)


def page() -> None:
    st.header("Compare models")
    left, right = given_id("left"), given_id("right")
    sides(left, right)
    if left is None or right is None:
        empty_state("compare_arrows", "Choose two evaluations of the same task.")
    elif left == right:
        empty_state("compare_arrows", "These are the same; choose another beside it.")
    else:
        both(asked_pairs(left, right))


def sides(left: UUID | None, right: UUID | None) -> None:
    given = [known(each) for each in (left, right)]
    first = next((each for each in given if each), None)
    offered = completed_like(first)
    with st.container(border=True):
        columns = st.columns([10, 1, 10], vertical_alignment="bottom")
        for column, side, chosen in zip(columns[::2], ("left", "right"), given, strict=True):
            with column:
                side_choice(side, chosen.id if chosen else None, with_chosen(offered, chosen))
        with columns[1]:
            st.button(
                "",
                icon=":material/swap_horiz:",
                key="compare_models.swap",
                help="A for B, and B for A",
                disabled=left is None or right is None,
                on_click=lambda: choose(left=right, right=left, agreement=None),
            )


def known(evaluation_id: UUID | None) -> EvaluationSummary | None:
    """A link may name what was reset since."""
    if evaluation_id is None:
        return None
    try:
        return yard().evaluations.get(evaluation_id)
    except NotFound:
        st.caption(":orange[An evaluation of this link is not there any more.]")
        return None


def completed_like(first: EvaluationSummary | None) -> list[EvaluationSummary]:
    """Of the same project and task; of all projects where nothing is chosen yet."""
    project = first.project_id if first else None
    found = yard().evaluations.list(project=project, state=EvaluationState.COMPLETED)
    return [each for each in islice(found, MOST_OFFERED) if first is None or each.task == first.task]


def with_chosen(
    offered: Sequence[EvaluationSummary], chosen: EvaluationSummary | None
) -> list[EvaluationSummary]:
    if chosen is None or any(each.id == chosen.id for each in offered):
        return list(offered)
    return [chosen, *offered]


def both(wanted: Pairs) -> None:
    try:
        found = compared(wanted, st.query_params.get("cursor") or None)
    except (BadInput, Conflict, NotFound) as error:
        lost(error)
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Metrics")
        metrics_beside(found.left, found.right)
    with right:
        agreements(found, wanted)
    samples(found, wanted, run_data(found.left.run_id))


def agreements(found: EvaluationComparison, wanted: Pairs) -> None:
    """A click on a cell shows its samples, and another one all of them again."""
    st.subheader("Who was right")
    head = st.columns([1.1, 2, 2], vertical_alignment="center")
    head[1].caption("B right")
    head[2].caption("B wrong")
    for name, cells in zip(("A right", "A wrong"), CELLS, strict=True):
        row = st.columns([1.1, 2, 2], vertical_alignment="center")
        row[0].caption(name)
        for column, cell in zip(row[1:], cells, strict=True):
            with column:
                agreement_cell(found, cell, is_chosen=wanted.agreement is cell)
    told = [f"{counted(found.num_shared, 'sample')} in both"]
    for side, count in (("A", found.num_only_in_left), ("B", found.num_only_in_right)):
        told += [f"{count:,} only in {side}"] if count else []
    st.caption(" · ".join(told))


def agreement_cell(found: EvaluationComparison, cell: Agreement, *, is_chosen: bool) -> None:
    count = found.counts.get(cell, 0)
    share = f" · {count / found.num_shared:.1%}" if found.num_shared else ""
    st.button(
        f"**{count:,}**{escaped(share)}",
        key=f"compare_models.{cell}",
        type="primary" if is_chosen else "secondary",
        width="stretch",
        disabled=not count and not is_chosen,
        help=WORDS[cell],
        on_click=lambda: choose(agreement=None if is_chosen else cell.value),
    )


def samples(found: EvaluationComparison, wanted: Pairs, data: RunData) -> None:
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


def lost(error: BadInput | Conflict | NotFound) -> None:
    st.error(f"**{error.title}.** {escaped(error.detail)}", icon=":material/explore_off:")
    st.button(
        "All their samples",
        key="compare_models.first",
        icon=":material/first_page:",
        on_click=lambda: choose(**NO_FILTER, sort=None),
    )


page()
