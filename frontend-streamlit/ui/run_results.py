"""What followed a run: its evaluation, its export with the certificate."""

import streamlit as st
from session import yard

from libs.common.contracts.base import Step
from libs.common.contracts.runs import Run
from ui.report import report_view
from ui.states import empty_state, escaped, size, state_badge


def evaluation(run: Run) -> None:
    found = next(yard().evaluations.list(run.id), None)
    if found is None:
        _follows(
            run, Step.EVALUATE, "fact_check", "Evaluated by itself once it is trained.", "Not evaluated."
        )
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


def export(run: Run) -> None:
    found = next(yard().exports.list(run.id), None)
    if found is None:
        _follows(
            run, Step.EXPORT, "deployed_code", "Exported by itself once it is evaluated.", "Not exported."
        )
        return
    state_badge(found.state)
    if found.error_detail:
        st.error(escaped(found.error_detail), icon=":material/error:")
    if found.parity is not None and found.file is not None:
        parity = found.parity
        with st.container(horizontal=True):
            st.metric("Model", f"{found.model} v{found.model_version}", border=True)
            st.metric("File", size(found.file.size_bytes), border=True)
            st.metric("Largest difference", f"{parity.max_abs_difference:.1e}", border=True)
            st.metric(f"{parity.metric} in PyTorch", f"{parity.metric_pytorch:.4f}", border=True)
            st.metric(f"{parity.metric} in ONNX", f"{parity.metric_exported:.4f}", border=True)
        st.caption(f"Parity certificate: {parity.num_samples} samples, tolerance {parity.tolerance:.0e}.")


def _follows(run: Run, step: Step, icon: str, soon: str, never: str) -> None:
    """What to say while a step of the run's chain has nothing to show."""
    empty_state(icon, soon if step in run.then else never)
