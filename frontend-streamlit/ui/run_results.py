"""What followed a run: its evaluation, its export with the certificate."""

from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.base import Step
from libs.common.contracts.evaluations import EvaluationState
from libs.common.contracts.runs import Run
from ui.evaluation_metrics import evaluation_metrics
from ui.evaluation_rows import told
from ui.states import empty_state, escaped, size, state_badge


def evaluation(run: Run) -> None:
    found = next(yard().evaluations.list(run.id), None)
    if found is None:
        _follows(
            run, Step.EVALUATE, "fact_check", "Evaluated by itself once it is trained.", "Not evaluated."
        )
        if run.state.is_final:
            to_evaluate("Evaluate", run)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(found.state)
        st.caption(escaped(told(found)), width="content")
        st.space("stretch")
        to_evaluate("All evaluations and samples", run, found.id)
    if found.error_detail:
        st.error(escaped(found.error_detail), icon=":material/error:")
    if found.state is EvaluationState.COMPLETED:
        evaluation_metrics(yard().evaluations.get(found.id), key="run.confusion")


def to_evaluate(label: str, run: Run, evaluation_id: UUID | None = None) -> None:
    query = {"run": str(run.id)} | ({"evaluation": str(evaluation_id)} if evaluation_id else {})
    st.page_link(
        "app_pages/evaluate.py",
        label=label,
        icon=":material/fact_check:",
        query_params=query,
        width="content",
    )


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
