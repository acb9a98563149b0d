"""One run: its state, live curves, log, checkpoints, and what followed from it."""

from datetime import timedelta
from uuid import UUID

import streamlit as st
from comp.live_chart import live_chart
from session import yard
from ui.report import report_view
from ui.states import duration, empty_state, escaped, size, state_badge

from libs.common.contracts.base import Step, now
from libs.common.contracts.runs import Run


def header(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(escaped(run.name), width="content")
        state_badge(run.state)
        st.space("stretch")
        if not run.state.is_final:
            if st.button(
                "Stop", icon=":material/stop_circle:", key="run.stop", help="Keeps the last checkpoint"
            ):
                yard().runs.stop(run.id)
                st.rerun()
            if st.button("Cancel", icon=":material/cancel:", key="run.cancel"):
                yard().runs.cancel(run.id)
                st.rerun()
        elif run.state in ("failed", "cancelled") and st.button(
            "Resume", icon=":material/resume:", key="run.resume"
        ):
            yard().runs.resume(run.id)
            st.rerun()
    st.page_link(
        "app_pages/project.py",
        label="Project",
        icon=":material/arrow_back:",
        query_params={"id": str(run.project_id)},
    )
    if run.error_detail:
        st.error(f"**{escaped(run.error_code or '')}.** {escaped(run.error_detail)}", icon=":material/error:")


def numbers(run: Run) -> None:
    seconds = (
        (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None
    )
    with st.container(horizontal=True):
        st.metric("Duration", duration(seconds), border=True)
        st.metric("Attempt", run.attempt, border=True)
        st.metric("Samples", f"{sum(run.data.subset_counts.values()):,}", border=True)
        primary = {f"val/{metric.key}" for metric in yard().task(run.task).metrics if metric.is_primary}
        for each in run.summary:
            if each.key in primary | {"val/loss"}:
                st.metric(f"Best {each.key}", f"{each.best:.4f}", border=True)


def curves(run: Run) -> None:
    series = yard().runs.metrics(run.id)
    if not series and run.state.is_final:
        empty_state("show_chart", "This run ended before it measured anything.")
        return
    ended = live_chart(run, series, key=f"run.chart.{run.id}")
    if ended:
        st.rerun()


def log(run: Run) -> None:
    lines = yard().runs.logs(run.id).items
    if not lines:
        empty_state("notes", "Nothing was logged yet.")
        return
    st.code("\n".join(f"{line.at:%H:%M:%S} {line.text}" for line in lines), language=None, height=320)


def checkpoints(run: Run) -> None:
    found = yard().runs.checkpoints(run.id)
    if not found:
        empty_state("save", "No checkpoint yet; the first epoch makes one.")
        return
    rows = [
        {
            "name": each.name,
            "epoch": each.epoch + 1,
            "step": each.step,
            "size": size(each.size_bytes),
            **each.metrics,
        }
        for each in found
    ]
    st.dataframe(rows, hide_index=True)


def follows(run: Run, step: Step, icon: str, soon: str, never: str) -> None:
    """What to say while a step of the run's chain has nothing to show."""
    empty_state(icon, soon if step in run.then else never)


def evaluation(run: Run) -> None:
    found = next(yard().evaluations.list(run.id), None)
    if found is None:
        follows(run, Step.EVALUATE, "fact_check", "Evaluated by itself once it is trained.", "Not evaluated.")
        return
    state_badge(found.state)
    if found.error_detail:
        st.error(escaped(found.error_detail), icon=":material/error:")
    if found.report is not None:
        with st.container(horizontal=True):
            for key, value in found.report.metrics.items():
                st.metric(key.replace("_", " "), f"{value:.4f}", border=True)
        for view in found.report.views:
            report_view(view)


def served(run: Run) -> None:
    export = next(yard().exports.list(run.id), None)
    if export is None:
        follows(
            run, Step.EXPORT, "deployed_code", "Exported by itself once it is evaluated.", "Not exported."
        )
        return
    state_badge(export.state)
    if export.error_detail:
        st.error(escaped(export.error_detail), icon=":material/error:")
    if export.parity is not None and export.file is not None:
        parity = export.parity
        with st.container(horizontal=True):
            st.metric("Model", f"{export.model} v{export.model_version}", border=True)
            st.metric("File", size(export.file.size_bytes), border=True)
            st.metric("Largest difference", f"{parity.max_abs_difference:.1e}", border=True)
            st.metric(f"{parity.metric} in PyTorch", f"{parity.metric_pytorch:.4f}", border=True)
            st.metric(f"{parity.metric} in ONNX", f"{parity.metric_exported:.4f}", border=True)
        st.caption(f"Parity certificate: {parity.num_samples} samples, tolerance {parity.tolerance:.0e}.")


SECTIONS = {
    ":material/show_chart: Curves": curves,
    ":material/fact_check: Evaluation": evaluation,
    ":material/deployed_code: Export": served,
    ":material/save: Checkpoints": checkpoints,
    ":material/notes: Log": log,
}
POLL_SECONDS = 3
RECENT = timedelta(minutes=10)


def page() -> None:
    given = st.query_params.get("id")
    if not given:
        empty_state("monitoring", "Choose a run from its project.")
        st.page_link("app_pages/home.py", label="Projects", icon=":material/arrow_back:")
        return
    run = yard().runs.get(UUID(given))
    header(run)
    numbers(run)
    # Curves are pushed to the browser; what follows a run by itself is looked after for a while.
    recent = run.finished_at is None or now() - run.finished_at < RECENT
    for tab, section in zip(st.tabs(list(SECTIONS)), SECTIONS.values(), strict=True):
        with tab:
            polled = recent and section is not curves
            st.fragment(section, run_every=POLL_SECONDS if polled else None)(run)


page()
