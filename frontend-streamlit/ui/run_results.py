"""What followed a run: its evaluation, its export with the certificate."""

from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.base import Step
from libs.common.contracts.evaluations import EvaluationState
from libs.common.contracts.runs import Run
from ui.evaluation_metrics import evaluation_metrics
from ui.evaluation_rows import told
from ui.export_rows import export_row
from ui.states import empty_state, escaped, state_badge


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
        _follows(run, Step.EXPORT, "output", "Exported by itself once it is evaluated.", "Not exported.")
        if run.state.is_final:
            to_export("Export", run)
        return
    to_export("All exports and formats", run)
    export_row(found)


def to_export(label: str, run: Run) -> None:
    query = {"run": str(run.id)}
    st.page_link(
        "app_pages/export.py", label=label, icon=":material/output:", query_params=query, width="content"
    )


def _follows(run: Run, step: Step, icon: str, soon: str, never: str) -> None:
    """What to say while a step of the run's chain has nothing to show."""
    empty_state(icon, soon if step in run.then else never)
