"""What a model that names several classes per image is worth, from counts of all its decisions."""

from array import array
from collections.abc import Iterable, Iterator

import numpy as np

from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import LabelsPrediction
from libs.common.contracts.reports import EvaluationReport, ReportView, ThresholdSearch
from libs.tasks.classification import ranking
from libs.tasks.classification.multi import threshold_of
from libs.tasks.classification.reliability import Reliability, histogram
from libs.tasks.classification.single_report import curves
from libs.tasks.classification.spreads import EDGES, NUM_EDGES, Spread, Spreading, edge_of, together
from libs.tasks.classification.tallies import class_bars
from libs.tasks.classification.truths import labels_of, places_of
from libs.tasks.codec import Judged

# Of the possible thresholds so many are tried, with the middle one among them.
TRIED = range(0, NUM_EDGES, 4)


class Decisions:
    """Of one subset, fed sample by sample."""

    def __init__(self, card: ModelCard) -> None:
        self._places = places_of(card)
        self._spreading = Spreading(len(card.classes))
        self.reliability = Reliability()
        self.losses, self.confidences = array("d"), array("f")

    def add(self, judged: Judged) -> None:
        assert isinstance(judged.prediction, LabelsPrediction)
        true = np.array(sorted(self._places[label] for label in labels_of(judged.truth)), np.int64)
        places = np.array([self._places[listed.label] for listed in judged.prediction.scores], np.int64)
        scores = np.array([listed.score for listed in judged.prediction.scores], np.float32)
        self._spreading.add(true, places, scores)
        self.reliability.add(scores.astype(np.float64), np.isin(places, true))
        self.losses.append(judged.score.loss or 0.0)
        self.confidences.append(1.0 if judged.score.confidence is None else judged.score.confidence)

    def spread(self) -> Spread:
        return self._spreading.spread()


def report_of(judged: Iterable[Judged], card: ModelCard) -> EvaluationReport:
    parts: dict[str, Decisions] = {}
    for each in judged:
        parts.setdefault(each.subset, Decisions(card)).add(each)
    subsets = dict(sorted(parts.items())) or {"": Decisions(card)}
    edge = edge_of(threshold_of(card))
    spreads = {name: part.spread() for name, part in subsets.items()}
    whole, reliability = together(list(spreads.values())), Reliability()
    for part in subsets.values():
        reliability.merge(part.reliability)
    losses = np.concatenate([np.frombuffer(part.losses) for part in subsets.values()])
    confidences = np.concatenate([np.frombuffer(part.confidences, np.float32) for part in subsets.values()])
    return EvaluationReport(
        num_samples=whole.num_samples,
        metrics=_metrics(whole, reliability, losses, edge),
        subset_metrics={
            name: _metrics(spreads[name], part.reliability, np.frombuffer(part.losses), edge)
            for name, part in parts.items()
        },
        views=tuple(_views(whole, reliability, confidences, card, edge)),
        threshold=best_threshold(whole),
    )


def best_threshold(spread: Spread) -> ThresholdSearch:
    """One for all classes, by macro F1; the middle one where many are as good."""
    tried = [(float(EDGES[edge]), spread.tally(edge)) for edge in TRIED]
    matches = np.cumsum(spread.matches)[list(TRIED)] / max(1, spread.num_samples)
    values = {
        "f1_macro": np.array([tally.macro()["f1_macro"] for _, tally in tried]),
        "f1_micro": np.array([tally.f1_micro for _, tally in tried]),
        "precision_macro": np.array([tally.macro()["precision_macro"] for _, tally in tried]),
        "recall_macro": np.array([tally.macro()["recall_macro"] for _, tally in tried]),
        "subset_accuracy": matches,
    }
    best = np.flatnonzero(values["f1_macro"] >= values["f1_macro"].max())
    return ThresholdSearch(
        metric="f1_macro",
        thresholds=tuple(threshold for threshold, _ in tried),
        values={name: tuple(each.tolist()) for name, each in values.items()},
        best=tried[int(best[len(best) // 2])][0],
    )


def _metrics(spread: Spread, reliability: Reliability, losses: np.ndarray, edge: int) -> dict[str, float]:
    tally = spread.tally(edge)
    found = ranking.macro(spread.areas(), spread.average_precisions(), tally.truths > 0)
    return {
        **spread.metrics(edge),
        **tally.weighted(),
        **{key: value for key, value in found.items() if key == "auroc"},
        "calibration_error": reliability.error,
        "loss": float(losses.mean()) if len(losses) else 0.0,
    }


def _views(
    spread: Spread, reliability: Reliability, confidences: np.ndarray, card: ModelCard, edge: int
) -> Iterator[ReportView]:
    more = {"average precision": spread.average_precisions(), "AUROC": spread.areas()}
    yield class_bars(spread.tally(edge), card.classes, more)
    roc, precision = curves(spread, "all classes together")
    yield from (precision, roc, reliability.curve(), histogram(confidences))
