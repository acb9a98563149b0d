"""Evaluations of a run: those there are, how one goes on, and how one is taken away."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st
from boundary import show_failure
from session import yard

from libs.common.contracts.evaluations import EvaluationState, EvaluationSummary
from libs.common.contracts.jobs import Job
from libs.common.errors import Conflict, NotFound
from ui.access import may_edit
from ui.metric_names import headline
from ui.result_pages import NO_FILTER
from ui.states import ago, escaped, state_badge
from ui.tiles import choose

POLL_SECONDS = 0.8
MOST_SHOWN = 5
OPEN = (EvaluationState.QUEUED, EvaluationState.RUNNING)


def earlier(found: Sequence[EvaluationSummary], chosen: UUID) -> None:
    """Nothing to choose from where there is only one."""
    if len(found) < 2:
        return
    is_long = len(found) > MOST_SHOWN
    shows_all = is_long and st.session_state.get("evaluate.all", False)
    with st.container(gap=None):
        for each in found if shows_all else found[:MOST_SHOWN]:
            _row(each, each.id == chosen)
    if is_long:
        st.toggle(f"All {len(found)}", key="evaluate.all")


def show(evaluation_id: UUID | None) -> None:
    """What was filtered in another evaluation may not be there in this one."""
    choose(evaluation=evaluation_id, **NO_FILTER)


def _row(each: EvaluationSummary, is_chosen: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            escaped(told(each)),
            key=f"evaluate.show.{each.id}",
            type="tertiary",
            icon=":material/radio_button_checked:" if is_chosen else ":material/radio_button_unchecked:",
            on_click=lambda: show(each.id),
        )
        state_badge(each.state)
        if best := headline(each):
            st.caption(f"{escaped(best[0])} **{best[1]:.4f}**", width="content")
        st.caption(ago(each.created_at), width="content")


def told(each: EvaluationSummary) -> str:
    return f"{each.checkpoint} on {', '.join(each.subsets)}"


def going_on(found: EvaluationSummary) -> None:
    """Looked at again while it goes on; cancelled on request."""

    @st.fragment(run_every=POLL_SECONDS)
    def live() -> None:
        try:
            job = yard().jobs.get(found.job_id) if found.job_id else None
            is_over = yard().evaluations.get(found.id).state not in OPEN
        except NotFound:
            job, is_over = None, True
        if is_over:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(job.progress if job else 0.0, _message(job), width="stretch")
            if (
                job
                and may_edit(found.project_id)
                and st.button(
                    "Cancel", icon=":material/cancel:", key="evaluate.cancel", disabled=job.desired != "run"
                )
            ):
                _cancel(job)

    live()


def _message(job: Job | None) -> str:
    if job is None or job.started_at is None:
        return "Waits for its turn"
    said = escaped(job.message) or "Evaluates"
    where = f" on {escaped(job.device)}" if job.device else ""
    return f"{said}{where}"


def _cancel(job: Job) -> None:
    try:
        yard().jobs.cancel(job.id)
    except Conflict as error:
        show_failure(error)
    else:
        st.rerun(scope="fragment")


@st.dialog("Reset the evaluation", icon=":material/restart_alt:")
def ask_to_reset(found: EvaluationSummary) -> None:
    st.markdown(
        f"**{escaped(told(found))}** of {escaped(found.run_name)}: its metrics and what became of every "
        "sample are deleted at once. The model and the samples stay."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="evaluate.keep"):
            st.rerun()
        if st.button("Reset", type="primary", icon=":material/restart_alt:", key="evaluate.reset.sure"):
            yard().evaluations.delete(found.id)
            show(None)
            st.session_state["evaluate.told"] = "The evaluation is reset"
            st.rerun()
