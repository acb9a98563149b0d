"""Experiments of a project, or of all: how each stands, which to compare, and the way to a new one."""

from collections.abc import Mapping
from typing import cast, get_args
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import address_search, address_select
from ui.cursor_pages import choose, page_buttons, place
from ui.experiment_rows import any_at_work, experiment_row, toast
from ui.project_choice import chosen_scope, project_names, scope_select
from ui.states import empty_state
from ui.ticks import compare_bar

from libs.common.contracts.base import Page
from libs.common.contracts.experiments import ExperimentSort, ExperimentSummary, LastState

PAGE_SIZE = 25
POLL_SECONDS = 2
SORTS: dict[ExperimentSort, str] = {
    "-created": "Newest first",
    "created": "Oldest first",
    "-updated": "Last changed or run",
    "best": "Best first",
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
}
STATES: dict[str, str] = {state: state.replace("_", " ").capitalize() for state in get_args(LastState)}


def page() -> None:
    toast()
    names = project_names("An experiment belongs to one.")
    if not names:
        return
    project = chosen_scope(names)
    header(project)
    filters(names, project)
    listing(names, project)


def header(project: UUID | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Experiments", width="content")
        st.space("stretch")
        if may_edit(project) and st.button(
            "New experiment", type="primary", icon=":material/add:", key="experiments.new"
        ):
            new(project)


def new(project: UUID | None) -> None:
    chosen = project or st.session_state.get("project.last")
    st.switch_page("app_pages/new_experiment.py", query_params={"project": str(chosen)} if chosen else {})


def filters(names: Mapping[UUID, str], project: UUID | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        scope_select(names, project, key="experiments.project", on_choose=lambda value: choose(project=value))
        address_select(
            "Last run",
            "state",
            STATES,
            key="experiments.state",
            on_choose=lambda state: choose(state=state),
            placeholder="Any state",
            width=150,
        )
        address_select(
            "Sort",
            "sort",
            {**SORTS},
            key="experiments.sort",
            default="-created",
            on_choose=lambda sort: choose(sort=sort),
            width=190,
        )
        address_search(
            "Search names, notes and data",
            "q",
            key="experiments.q",
            on_choose=lambda text: choose(q=text),
            width=260,
        )


def listed(project: UUID | None) -> Page[ExperimentSummary]:
    asked = st.query_params.get
    sort, state = asked("sort", "-created"), asked("state")
    return yard().experiments.page(
        project,
        q=(asked("q") or "")[:200] or None,
        state=state if state in STATES else None,
        sort=cast(ExperimentSort, sort) if sort in SORTS else "-created",
        limit=PAGE_SIZE,
        cursor=place().cursor,
    )


def listing(names: Mapping[UUID, str], project: UUID | None) -> None:
    """Looked up again while any run goes on, and only then."""
    found = listed(project)
    if not found.items:
        nothing(project)
        return
    is_live = any_at_work(found.items)
    # What the page has looked up already is not asked for a second time.
    known = [found]

    @st.fragment(run_every=POLL_SECONDS if is_live else None)
    def live() -> None:
        now = known.pop() if known else listed(project)
        compare_bar()
        for each in now.items:
            experiment_row(each, None if project else names.get(each.project_id, "another project"))
        page_buttons(now.next_cursor, key="experiments")
        if any_at_work(now.items) != is_live:
            st.rerun()

    live()


def nothing(project: UUID | None) -> None:
    if any(st.query_params.get(part) for part in ("q", "state", "cursor")):
        empty_state(
            "search_off",
            "No experiment fits.",
            "Show all",
            lambda: choose(q=None, state=None),
        )
        return
    empty_state(
        "science",
        "No experiment yet. It says what to learn from which data, and is run as often as you like.",
        "Make the first" if may_edit(project) else None,
        lambda: new(project),
    )


page()
