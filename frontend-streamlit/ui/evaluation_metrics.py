"""What an evaluation has reached: the metrics large, all of them by subset below, then the task's views."""

import streamlit as st

from libs.common.contracts.evaluations import Evaluation
from libs.common.contracts.reports import EvaluationReport
from ui.metric_names import Specs, ordered, shown, specs_of, title_of
from ui.report import OnCell, report_views
from ui.states import counted, escaped

MOST_LARGE = 4


def evaluation_metrics(found: Evaluation, *, key: str, on_cell: OnCell | None = None) -> None:
    if found.report is None:
        return
    specs = specs_of(found.task)
    large_metrics(found.report, specs)
    metrics_by_subset(found.report, specs)
    report_views(found.report, key=f"{key}.{found.id}", on_cell=on_cell)


def large_metrics(report: EvaluationReport, specs: Specs) -> None:
    with st.container(horizontal=True):
        for name in ordered(report.metrics, specs)[:MOST_LARGE]:
            unit = specs[name].unit if name in specs else ""
            st.metric(title_of(name, specs), shown(report.metrics[name], unit), border=True)
        st.metric("Samples", f"{report.num_samples:,}", border=True)


def metrics_by_subset(report: EvaluationReport, specs: Specs) -> None:
    """Nothing where the large ones have said it all."""
    subsets = report.subset_metrics if len(report.subset_metrics) > 1 else {}
    names = ordered(report.metrics, specs)
    if not subsets and len(names) <= MOST_LARGE:
        return
    with st.expander(f"All {counted(len(names), 'metric')}", icon=":material/table_rows:"):
        st.table(
            [_row(name, report, subsets, specs) for name in names],
            border="horizontal",
            hide_index=True,
            width="content",
        )


def _row(
    name: str, report: EvaluationReport, subsets: dict[str, dict[str, float]], specs: Specs
) -> dict[str, str]:
    spec = specs.get(name)
    arrow = {"max": " ↑", "min": " ↓"}[spec.direction] if spec else ""
    title = escaped(title_of(name, specs))
    unit = spec.unit if spec else ""
    return {
        "": f"**{title}**{arrow}" if spec and spec.is_primary else f"{title}{arrow}",
        "All together": escaped(shown(report.metrics[name], unit)),
        **{escaped(subset): escaped(shown(values.get(name), unit)) for subset, values in subsets.items()},
    }
