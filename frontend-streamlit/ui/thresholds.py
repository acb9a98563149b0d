"""From which score on an answer counts: what that means for a task, and what an evaluation found best."""

from dataclasses import dataclass
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.evaluations import EvaluationState
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.reports import ThresholdSearch

# By the kind of a task's answers; those that are missing here have no threshold.
MEANINGS = {
    "class": "Of pictures with one class each: a model that is less sure than this says nothing, and the "
    "answer is 403. Of pictures with several: the classes from this score on are the answer.",
    "labels": "The classes from this score on are the answer.",
    "boxes": "What is found with a lower score is left out.",
    "masks": "What is found with a lower score is left out.",
    "anomaly": "From this score on a picture is called anomalous.",
}
THRESHOLD = "threshold"


@dataclass(frozen=True)
class BestThreshold:
    value: float
    metric: str
    reached: float | None


def meaning_of(task: str) -> str | None:
    """None for a task without a threshold."""
    return MEANINGS.get(yard().task(task).prediction_type)


def own_threshold(version: ModelVersion) -> float | None:
    return version.card.calibration.get(THRESHOLD)


def best_threshold(version: ModelVersion) -> BestThreshold | None:
    """Of the run's newest evaluation, where that searched for one."""
    if version.run_id is None:
        return None
    done = (
        each for each in yard().evaluations.list(version.run_id) if each.state is EvaluationState.COMPLETED
    )
    newest = next(done, None)
    return _searched(newest.id) if newest else None


def _searched(evaluation_id: UUID) -> BestThreshold | None:
    """A report does not change: it is looked up once."""
    kept: dict[UUID, BestThreshold | None] = st.session_state.setdefault("thresholds.best", {})
    if evaluation_id not in kept:
        report = yard().evaluations.get(evaluation_id).report
        kept[evaluation_id] = _best(report.threshold) if report and report.threshold else None
    return kept[evaluation_id]


def _best(search: ThresholdSearch) -> BestThreshold:
    values = search.values.get(search.metric, ())
    reached = dict(zip(search.thresholds, values, strict=False)).get(search.best)
    return BestThreshold(search.best, search.metric, reached)
