"""Any number of classes per image: from probabilities to answers, and what they are worth."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import LabelsPrediction, ScoredLabel
from libs.common.contracts.reports import Curve, ReportView
from libs.tasks.classification.spreads import NUM_BINS, Spread, bins_of, edge_of
from libs.tasks.classification.tallies import class_bars
from libs.tasks.classification.truths import THRESHOLD, labels_of, places_of
from libs.tasks.codec import Judged, SampleScore

# So many classes an answer lists at least; of more, the others are all but excluded.
NUM_LISTED = 100
SMALLEST_PROBABILITY = 1e-12


def threshold_of(card: ModelCard) -> float:
    """As chosen on validation data."""
    return card.calibration.get(THRESHOLD, 0.5)


def prediction(scores: np.ndarray, card: ModelCard) -> LabelsPrediction:
    order = np.argsort(-scores, kind="stable")
    reached = int((scores >= np.float32(threshold_of(card))).sum())
    listed = tuple(
        ScoredLabel(label=card.classes[place], score=float(scores[place]))
        for place in order[: max(reached, NUM_LISTED)].tolist()
    )
    return LabelsPrediction(labels=tuple(each.label for each in listed[:reached]), scores=listed)


def score(answer: LabelsPrediction, truth: Sequence[Annotation], card: ModelCard) -> SampleScore:
    """`score` is the probability of the least sure right decision, or of what went wrong most; `confidence`
    that of the least sure decision."""
    labels = labels_of(truth)
    given = [each.score if each.label in labels else 1 - each.score for each in answer.scores]
    unlisted = len(labels - {each.label for each in answer.scores})
    given += [answer.scores[-1].score if answer.scores else 0.0] * unlisted
    losses = [-math.log(max(each, SMALLEST_PROBABILITY)) for each in given]
    return SampleScore(
        is_correct=set(answer.labels) == labels,
        score=min(given, default=1.0),
        loss=sum(losses) / max(1, len(card.classes)),
        confidence=min((max(each.score, 1 - each.score) for each in answer.scores), default=1.0),
    )


def metrics(judged: Sequence[Judged], card: ModelCard) -> dict[str, float]:
    return spread_of(judged, card).metrics(edge_of(threshold_of(card)))


def views(judged: Sequence[Judged], card: ModelCard) -> tuple[ReportView, ...]:
    spread = spread_of(judged, card)
    recall, precision = spread.curve()
    more = {"average precision": spread.average_precisions()}
    curve = Curve(
        title="Precision and recall at every threshold, all classes together",
        x_title="recall",
        y_title="precision",
        x=tuple(recall.tolist()),
        y=tuple(precision.tolist()),
    )
    return class_bars(spread.tally(edge_of(threshold_of(card))), card.classes, more), curve


def spread_of(judged: Sequence[Judged], card: ModelCard) -> Spread:
    """Classes that an answer does not list are in the lowest bin."""
    shape = len(card.classes), NUM_BINS
    negatives, positives = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    matches = np.zeros(NUM_BINS, np.int64)
    for true, places, bins in _samples(judged, card):
        of_class = np.isin(places, true)
        negatives[places[~of_class], bins[~of_class]] += 1
        positives[places[of_class], bins[of_class]] += 1
        unlisted = np.setdiff1d(true, places)
        positives[unlisted, 0] += 1
        lowest = 0 if len(unlisted) else int(bins[of_class].min(initial=NUM_BINS - 1))
        highest = int(bins[~of_class].max(initial=0))
        if highest < lowest:
            matches[highest] += 1
            matches[lowest] -= 1
    negatives[:, 0] += len(judged) - negatives.sum(axis=1) - positives.sum(axis=1)
    return Spread(negatives, positives, matches, len(judged))


def _samples(
    judged: Sequence[Judged], card: ModelCard
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each the places of its classes, of those that the answer lists, and the bins of their scores."""
    place_of = places_of(card)
    for each in judged:
        assert isinstance(each.prediction, LabelsPrediction)
        true = np.array(sorted(place_of[label] for label in labels_of(each.truth)), np.int64)
        places = np.array([place_of[listed.label] for listed in each.prediction.scores], np.int64)
        scores = np.array([listed.score for listed in each.prediction.scores], np.float32)
        yield true, places, bins_of(scores)
