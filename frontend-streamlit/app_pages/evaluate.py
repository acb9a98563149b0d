"""Evaluate: how good the checkpoint of a run is, in aggregate and sample by sample."""

from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import address_sections, given_id, go
from ui.evaluation_form import evaluation_form
from ui.evaluation_metrics import evaluation_metrics
from ui.evaluation_rows import OPEN, ask_to_reset, earlier, going_on, show, told
from ui.project_choice import project_names
from ui.result_grid import result_grid
from ui.result_pages import NO_FILTER
from ui.run_choice import is_searched, run_choice, run_heading, run_of_address
from ui.run_data import data_of
from ui.states import ago, empty_state, escaped, state_badge
from ui.tiles import choose

from libs.common.contracts.evaluations import Evaluation, EvaluationState, EvaluationSummary
from libs.common.contracts.runs import Run
from libs.common.errors import NotFound

MOST_EVALUATIONS = 100
SECTIONS = {
    "metrics": ":material/analytics: Metrics",
    "samples": ":material/grid_view: Samples",
}


def page() -> None:
    if said := st.session_state.pop("evaluate.told", None):
        st.toast(said, icon=":material/check:")
    st.header("Evaluate")
    names = project_names("A run belongs to one.")
    if not names:
        return
    run = run_of_address() or run_of_evaluation()
    left, right = st.columns([1, 3], gap="medium")
    with left:
        offered = run_choice(names, run.id if run else None, key="evaluate", on_choose=choose_run)
    if "run" not in st.query_params and offered.items and not is_searched():
        run = offered.items[0]
        st.query_params["run"] = str(run.id)
        st.rerun()
    with right:
        if run is None:
            nothing_chosen(bool(offered.items))
        else:
            about(run)


def choose_run(run: Run) -> None:
    choose(run=run.id, evaluation=None, section=None, **NO_FILTER)


def run_of_evaluation() -> Run | None:
    """A link may name the evaluation alone."""
    given = given_id("evaluation")
    if given is None:
        return None
    go(run=yard().evaluations.get(given).run_id)
    return run_of_address()


def nothing_chosen(has_runs: bool) -> None:
    if "run" in st.query_params:
        empty_state("search_off", "The run of this link is not there any more.")
        return
    if has_runs or is_searched():
        empty_state("fact_check", "Choose a run at the left.")
        return
    empty_state(
        "fact_check",
        "No run has kept a model yet. What is trained can be evaluated here.",
        "Experiments",
        lambda: st.switch_page("app_pages/experiments.py"),
    )


def about(run: Run) -> None:
    run_heading(run)
    if may_edit(run.project_id):
        begin(run)
    found = list(islice(yard().evaluations.list(run.id), MOST_EVALUATIONS))
    if not found:
        empty_state("fact_check", "This run has not been evaluated yet.")
        return
    chosen = chosen_one(found)
    earlier(found, chosen.id)
    outcome(run, chosen)


def begin(run: Run) -> None:
    checkpoints = yard().runs.checkpoints(run.id)
    if not checkpoints:
        st.caption("No checkpoint of this run is left, so it cannot be evaluated again.")
        return
    if made := evaluation_form(run, checkpoints, key="evaluate"):
        show(made.id)
        st.rerun()


def chosen_one(found: list[EvaluationSummary]) -> EvaluationSummary:
    """That of the address, else the newest."""
    given = given_id("evaluation")
    chosen = next((each for each in found if each.id == given), None)
    if given is not None and chosen is None:
        st.caption(":orange[The evaluation of this link is not there any more; the newest is shown.]")
    return chosen or found[0]


def outcome(run: Run, chosen: EvaluationSummary) -> None:
    top(chosen)
    if chosen.state in OPEN:
        going_on(chosen)
    elif chosen.state is EvaluationState.COMPLETED:
        results(run, chosen.id)
    elif chosen.state is EvaluationState.FAILED:
        first, _, rest = (chosen.error_detail or "").partition("\n")
        st.error(f"**{escaped(chosen.error_code or '')}.** {escaped(first)}", icon=":material/error:")
        if rest.strip():
            with st.expander("What it said last"):
                st.code(rest, language=None)
    else:
        empty_state("cancel", "This evaluation was cancelled before it was through.")


def top(chosen: EvaluationSummary) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escaped(told(chosen))}**", width="content")
        state_badge(chosen.state)
        how = [f"batches of {chosen.batch_size}" if chosen.batch_size else "", chosen.device or ""]
        st.caption(" · ".join([ago(chosen.created_at), *map(escaped, filter(None, how))]), width="content")
        st.space("stretch")
        if chosen.state is EvaluationState.COMPLETED and st.button(
            "Compare with…", icon=":material/compare_arrows:", key="evaluate.compare"
        ):
            st.switch_page("app_pages/compare_models.py", query_params={"left": str(chosen.id)})
        if may_edit(chosen.project_id) and st.button(
            "Reset", icon=":material/restart_alt:", key="evaluate.reset", help="Deletes these results"
        ):
            ask_to_reset(chosen)


def results(run: Run, evaluation_id: UUID) -> None:
    try:
        found = completed(evaluation_id)
    except NotFound:
        st.rerun()
    match address_sections(SECTIONS, key="evaluate.section"):
        case "samples":
            result_grid(found, data_of(run))
        case _:
            evaluation_metrics(found, key="evaluate.confusion", on_cell=show_cell)


def show_cell(true: str, predicted: str) -> None:
    choose(section="samples", **{**NO_FILTER, "class": true, "predicted": predicted})
    st.rerun()


# A report never changes, so a session asks for it once.
@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def completed(evaluation_id: UUID) -> Evaluation:
    return yard().evaluations.get(evaluation_id)


page()
