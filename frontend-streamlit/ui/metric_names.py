"""Metrics by the names of their task, the one it is judged by first."""

from collections.abc import Mapping

import streamlit as st
from session import yard

from libs.common.contracts.catalogue import MetricSpec
from libs.common.contracts.evaluations import EvaluationSummary
from libs.common.errors import NotFound

Specs = Mapping[str, MetricSpec]


@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def specs_of(task: str) -> Specs:
    """Empty for a task that is not installed any more."""
    try:
        found = yard().task(task).metrics
    except NotFound:
        return {}
    return {each.key: each for each in sorted(found, key=lambda each: not each.is_primary)}


def title_of(key: str, specs: Specs) -> str:
    return specs[key].title if key in specs else key.replace("_", " ")


def ordered(metrics: Mapping[str, float], specs: Specs) -> list[str]:
    """As the task names them, then what else was measured."""
    known = [key for key in specs if key in metrics]
    return [*known, *(key for key in metrics if key not in specs)]


def headline(found: EvaluationSummary) -> tuple[str, float] | None:
    """The metric that it is judged by, and what was reached."""
    specs = specs_of(found.task)
    key = next(iter(ordered(found.metrics, specs)), None)
    return (title_of(key, specs), found.metrics[key]) if key else None


def shown(value: float | None, unit: str = "") -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if not unit else f"{value:,.4g} {unit}"
