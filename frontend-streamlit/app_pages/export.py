"""Export: a checkpoint as a file for other runtimes, with the proof that it answers alike."""

from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import go
from ui.export_form import export_form
from ui.export_rows import export_row, is_open
from ui.project_choice import project_names
from ui.run_choice import is_searched, run_choice, run_heading, run_of_address
from ui.states import empty_state, escaped

from libs.common.contracts.exports import Export
from libs.common.contracts.runs import Run

MOST_EXPORTS = 50
POLL_SECONDS = 1.5


def page() -> None:
    if told := st.session_state.pop("export.told", None):
        st.toast(escaped(told), icon=":material/check:")
    st.header("Export")
    names = project_names("A run belongs to one.")
    if not names:
        return
    run = run_of_address()
    left, right = st.columns([1, 3], gap="medium")
    with left:
        offered = run_choice(names, run.id if run else None, key="export", on_choose=choose)
    if run is None and offered.items and not is_searched():
        st.query_params["run"] = str(offered.items[0].id)
        st.rerun()
    with right:
        if run is None:
            nothing_chosen(bool(offered.items))
        else:
            about(run)


def choose(run: Run) -> None:
    go(run=run.id)


def nothing_chosen(has_runs: bool) -> None:
    if has_runs or is_searched():
        empty_state("output", "Choose a run at the left.")
        return
    empty_state(
        "output",
        "No run has kept a model yet. What is trained can be exported here.",
        "Experiments",
        lambda: st.switch_page("app_pages/experiments.py"),
    )


def about(run: Run) -> None:
    run_heading(run)
    if may_edit(run.project_id):
        begin(run)
    st.markdown("#### Exports of this run")
    listing(run.id)


def begin(run: Run) -> None:
    checkpoints = yard().runs.checkpoints(run.id)
    if not checkpoints:
        st.caption("No checkpoint of this run is left, so it cannot be exported again.")
        return
    if export_form(run, checkpoints):
        st.rerun()


def exports_of(run_id: UUID) -> list[Export]:
    return list(islice(yard().exports.list(run_id), MOST_EXPORTS))


def listing(run_id: UUID) -> None:
    """Looked up again while one is being made."""
    first = exports_of(run_id)
    if not first:
        empty_state("output", "This run has not been exported yet.")
        return
    is_live = any(map(is_open, first))
    fresh = [first]

    @st.fragment(run_every=POLL_SECONDS if is_live else None)
    def live() -> None:
        found = fresh.pop() if fresh else exports_of(run_id)
        for export in found:
            export_row(export)
        if is_live and not any(map(is_open, found)):
            st.rerun()

    live()


page()
