"""One run: its state, live curves and log, checkpoints, settings, and what followed from it."""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st
from boundary import show_failure
from comp.live_chart import live_chart
from comp.live_log import live_log
from session import yard
from settings import settings
from ui.access import may_edit
from ui.address import address_sections, given_id
from ui.confirming import confirm_deletion
from ui.node_strip import node_strip
from ui.run_parts import checkpoints, life, used_settings
from ui.run_results import evaluation, export
from ui.states import duration, empty_state, escaped, shortened, state_badge

from libs.common.contracts.base import now
from libs.common.contracts.measurements import MetricSummary
from libs.common.contracts.runs import Run, RunState
from libs.common.errors import BadInput, Conflict, NotFound

POLL_SECONDS = 2
# So long what follows a run by itself is looked after.
RECENT = timedelta(minutes=10)
NUM_LINES = 200
CAN_GO_ON = (RunState.FAILED, RunState.CANCELLED)


def page() -> None:
    given = given_id("id")
    if given is None:
        empty_state("monitoring", "Choose a run from its project.")
        st.page_link("app_pages/home.py", label="Projects", icon=":material/arrow_back:")
        return
    run = yard().runs.get(given)
    links(run)
    top(run)
    chosen = address_sections({name: title for name, (title, _) in SECTIONS.items()}, key="run.section")
    _, section = SECTIONS[chosen]
    if run.device and not run.state.is_final and chosen in PUSHED:
        node, _, device = run.device.rpartition("/")
        node_strip(node, device)
    # Curves and log are pushed to the browser.
    is_polled = chosen not in (*PUSHED, "settings") and (
        run.finished_at is None or now() - run.finished_at < RECENT
    )
    st.fragment(section, run_every=POLL_SECONDS if is_polled else None)(run)


def links(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "app_pages/project.py",
            label="Project",
            icon=":material/arrow_back:",
            query_params={"id": str(run.project_id)},
            width="content",
        )
        if run.reproduces:
            st.page_link(
                "app_pages/run.py",
                label="Repeats this run",
                icon=":material/replay:",
                query_params={"id": str(run.reproduces)},
                width="content",
            )
        if may_edit(run.project_id):
            st.page_link(
                "app_pages/new_experiment.py",
                label="An experiment like this",
                icon=":material/content_copy:",
                query_params={"from": str(run.experiment_id)},
                width="content",
            )


def top(known: Run) -> None:
    """State, numbers and buttons; looked up again while the run is not over."""
    # What the page has looked up already is not asked for a second time.
    fresh = [known]

    @st.fragment(run_every=None if known.state.is_final else POLL_SECONDS)
    def live() -> None:
        run = fresh.pop() if fresh else yard().runs.get(known.id)
        header(run)
        numbers(run)
        if run.state.is_final and not known.state.is_final:
            st.rerun()

    live()


def header(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(escaped(shortened(run.name)), width="content")
        state_badge(run.state)
        if run.reason and not run.state.is_final:
            st.caption(escaped(shortened(run.reason)), width="content")
        st.space("stretch")
        if may_edit(run.project_id):
            buttons(run)
    for warning in run.warnings:
        st.caption(f":orange[:material/warning: {escaped(warning)}]")
    if run.error_detail:
        first, _, rest = run.error_detail.partition("\n")
        st.error(f"**{escaped(run.error_code or '')}.** {escaped(first)}", icon=":material/error:")
        if rest.strip():
            with st.expander("What it said last"):
                st.code(rest, language=None)


def buttons(run: Run) -> None:
    if not run.state.is_final:
        if run.state not in (RunState.QUEUED, RunState.STOPPING) and st.button(
            "Stop", icon=":material/stop_circle:", key="run.stop", help="Keeps what is learned so far"
        ):
            act(lambda: yard().runs.stop(run.id))
        if st.button("Cancel", icon=":material/cancel:", key="run.cancel", help="Does not wait"):
            act(lambda: yard().runs.cancel(run.id))
        return
    if run.state in CAN_GO_ON and st.button(
        "Resume", icon=":material/resume:", key="run.resume", help="From its last checkpoint"
    ):
        act(lambda: yard().runs.resume(run.id))
    if st.button(
        "Run again",
        icon=":material/replay:",
        key="run.again",
        help="The same config, data version and seed, from the beginning",
    ):
        again(run)
    if st.button("Delete", icon=":material/delete:", key="run.delete"):
        confirm_deletion(
            "the run",
            run.name,
            "its curves, log and checkpoints go with it; evaluations, exports and models made of it stay.",
            lambda: delete(run),
            key="run.confirm",
        )


def delete(run: Run) -> None:
    try:
        yard().runs.delete(run.id)
    except (Conflict, NotFound) as error:
        show_failure(error)
        st.stop()
    st.switch_page("app_pages/experiment.py", query_params={"id": str(run.experiment_id)})


def act(do: Callable[[], object]) -> None:
    try:
        do()
    except (BadInput, Conflict) as error:
        show_failure(error)
    else:
        st.rerun()


def again(run: Run) -> None:
    try:
        made = yard().runs.reproduce(run.id)
    except (BadInput, Conflict) as error:
        show_failure(error)
        return
    st.switch_page("app_pages/run.py", query_params={"id": str(made.id)})


def numbers(run: Run) -> None:
    begin, end = run.started_at, run.finished_at or (None if run.state.is_final else now())
    with st.container(horizontal=True):
        st.metric("Duration", duration((end - begin).total_seconds() if begin and end else None), border=True)
        if run.progress and run.progress.epoch is not None and run.progress.num_epochs:
            st.metric("Epoch", f"{run.progress.epoch + 1} of {run.progress.num_epochs}", border=True)
        if not run.state.is_final and run.progress and run.progress.eta_seconds is not None:
            st.metric("Left", duration(run.progress.eta_seconds), border=True)
        if run.progress and run.progress.samples_per_second:
            st.metric("Samples per second", f"{run.progress.samples_per_second:,.0f}", border=True)
        for each in best_of(run):
            st.metric(f"Best {each.key}", f"{each.best:.4f}", border=True)


def best_of(run: Run) -> list[MetricSummary]:
    """The primary metric and the loss; of a task that is not installed any more, what there is."""
    wanted = {f"val/{metric.key}" for metric in yard().task(run.task).metrics if metric.is_primary}
    found = [each for each in run.summary if each.key in wanted | {"val/loss"}]
    return sorted(found, key=lambda each: each.key == "val/loss")


def curves(run: Run) -> None:
    series = yard().runs.metrics(run.id)
    if not series and run.state.is_final:
        empty_state("show_chart", "This run ended before it measured anything.")
        return
    if live_chart(run, series, key=f"run.chart.{run.id}"):
        st.rerun()


def log(run: Run) -> None:
    lines = yard().runs.logs(run.id, tail=NUM_LINES).items
    if not lines and run.state.is_final:
        empty_state("notes", "Nothing was logged.")
        return
    if live_log(run, lines, key=f"run.log.{run.id}"):
        st.rerun()
    st.link_button(
        "All of it as text", f"{settings().public_url}/v1/runs/{run.id}/logs/text", icon=":material/download:"
    )


SECTIONS = {
    "curves": (":material/show_chart: Curves", curves),
    "evaluation": (":material/fact_check: Evaluation", evaluation),
    "export": (":material/deployed_code: Export", export),
    "checkpoints": (":material/save: Checkpoints", checkpoints),
    "settings": (":material/tune: Settings", used_settings),
    "life": (":material/timeline: History", life),
    "log": (":material/notes: Log", log),
}
PUSHED = ("curves", "log")

page()
