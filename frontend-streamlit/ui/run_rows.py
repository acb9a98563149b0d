"""Runs one below the other, page by page; looked up again while any of them goes on."""

from collections.abc import Callable

import streamlit as st

from libs.common.contracts.base import Page
from libs.common.contracts.runs import Run
from ui.cursor_pages import page_buttons, place
from ui.states import ago, duration, empty_state, escaped, shortened, state_badge
from ui.ticks import compare_bar, tick

POLL_SECONDS = 2
Look = Callable[[str | None], Page[Run]]


def run_rows(look: Look, *, empty: str, key: str) -> None:
    """`look` gives the page behind a cursor."""
    found = look(place().cursor)
    if not found.items:
        empty_state("model_training", empty)
        return
    is_live = _any_at_work(found)
    # What the page has looked up already is not asked for a second time.
    known = [found]

    @st.fragment(run_every=POLL_SECONDS if is_live else None)
    def live() -> None:
        now = known.pop() if known else look(place().cursor)
        compare_bar()
        for run in now.items:
            run_row(run)
        page_buttons(now.next_cursor, key=key)
        if _any_at_work(now) != is_live:
            st.rerun()

    live()


def run_row(run: Run) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        tick(str(run.id), run.name, run.id)
        st.page_link(
            "app_pages/run.py",
            label=escaped(shortened(run.name)),
            icon=":material/monitoring:",
            query_params={"id": str(run.id)},
            width="content",
        )
        state_badge(run.state)
        st.caption(told(run), width="content")
        best = next((each for each in run.summary if _is_shown(each.key)), None)
        if best:
            st.caption(f"{escaped(best.key)} **{best.best:.4f}**", width="content")


def told(run: Run) -> str:
    if run.progress and not run.state.is_final:
        return f"{run.progress.fraction:.0%} · {escaped(run.progress.message)}"
    ended = run.finished_at and run.started_at and (run.finished_at - run.started_at).total_seconds()
    return f"{ago(run.created_at)} · {duration(ended)}" if ended else ago(run.created_at)


def _is_shown(key: str) -> bool:
    return key.startswith("val/") and "loss" not in key


def _any_at_work(page: Page[Run]) -> bool:
    return any(not run.state.is_final for run in page.items)
