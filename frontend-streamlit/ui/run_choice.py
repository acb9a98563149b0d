"""Runs that have kept a model, to choose one from: searched, page by page, the newest first."""

from collections.abc import Callable, Mapping
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.base import Page
from libs.common.contracts.runs import Run
from libs.common.errors import NotFound
from ui.address import address_search, given_id, go
from ui.cursor_pages import Parts, page_buttons, place
from ui.project_choice import chosen_scope, scope_select
from ui.states import ago, empty_state, escaped, shortened, state_badge

PAGE_SIZE = 12
PARTS = Parts(cursor="runs", page="runs_page", asked=("project", "q"))
SEARCH = "Search runs"


def run_choice(
    names: Mapping[UUID, str], chosen: UUID | None, *, key: str, on_choose: Callable[[Run], None]
) -> Page[Run]:
    """What it offers, of one of the projects by these names or of all."""
    project = chosen_scope(names)
    scope_select(
        names, project, key=f"{key}.project", on_choose=lambda value: _seek(project=value), width="stretch"
    )
    address_search(SEARCH, "q", key=f"{key}.q", on_choose=lambda text: _seek(q=text), width="stretch")
    found = yard().runs.page(
        project=project,
        q=(st.query_params.get("q") or "")[:200] or None,
        has_checkpoint=True,
        limit=PAGE_SIZE,
        cursor=place(PARTS).cursor,
    )
    for run in found.items:
        _run(run, run.id == chosen, key, on_choose)
    if not found.items and is_searched():
        empty_state("search_off", "No run fits.", "Show all", lambda: _show_all())
    page_buttons(found.next_cursor, key=f"{key}.pages", parts=PARTS)
    return found


def run_heading(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escaped(shortened(run.name)), width="content")
        state_badge(run.state)
        st.space("stretch")
        st.page_link(
            "app_pages/run.py",
            label="Run",
            icon=":material/monitoring:",
            query_params={"id": str(run.id)},
            width="content",
        )


def run_of_address() -> Run | None:
    """None where it is gone. It is found among those of its project when the address names no other."""
    run_id = given_id("run")
    if run_id is None:
        return None
    try:
        run = yard().runs.get(run_id)
    except NotFound:
        return None
    if "project" not in st.query_params:
        st.query_params["project"] = str(run.project_id)
    return run


def is_searched() -> bool:
    return any(st.query_params.get(part) for part in ("q", PARTS.cursor))


def _seek(**changes: object) -> None:
    go(**changes, **{PARTS.cursor: None, PARTS.page: None})


def _show_all() -> None:
    _seek(q=None)
    st.rerun()


def _run(run: Run, is_chosen: bool, key: str, on_choose: Callable[[Run], None]) -> None:
    with st.container(gap=None, key=f"{key}.run.{run.id}"):
        st.button(
            escaped(shortened(run.name, 44)),
            key=f"{key}.choose.{run.id}",
            type="tertiary",
            icon=":material/radio_button_checked:" if is_chosen else ":material/radio_button_unchecked:",
            on_click=lambda: on_choose(run),
        )
        st.caption(" · ".join(filter(None, (_best(run), ago(run.created_at)))))


def _best(run: Run) -> str:
    """Of the metric that its task is judged by, or of any that was measured."""
    measured = [each for each in run.summary if each.key.startswith("val/")]
    best = next((each for each in measured if "loss" not in each.key), None) or next(iter(measured), None)
    return f"{escaped(best.key)} **{best.best:.4f}**" if best else ""
