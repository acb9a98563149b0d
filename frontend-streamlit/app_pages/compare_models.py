"""Two evaluations on the same samples: whose metrics are better, and where each was right alone."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard
from ui.address import given_id
from ui.model_sides import metrics_beside, side_choice
from ui.pair_grid import WORDS, pair_grid
from ui.pair_pages import NO_FILTER, Pairs, asked_pairs, compared
from ui.run_data import run_data
from ui.states import counted, empty_state, escaped
from ui.tiles import choose

from libs.common.contracts.evaluations import EvaluationState, EvaluationSummary
from libs.common.contracts.results import Agreement, EvaluationComparison
from libs.common.errors import BadInput, Conflict, NotFound

MOST_OFFERED = 200
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
    pair_grid(found, wanted, run_data(found.left.run_id))


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


def lost(error: BadInput | Conflict | NotFound) -> None:
    st.error(f"**{error.title}.** {escaped(error.detail)}", icon=":material/explore_off:")
    st.button(
        "All their samples",
        key="compare_models.first",
        icon=":material/first_page:",
        on_click=lambda: choose(**NO_FILTER, sort=None),
    )


page()
