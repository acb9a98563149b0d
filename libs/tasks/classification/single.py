"""One class per image: from probabilities to answers, and what they are worth."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import ClassPrediction, ScoredLabel
from libs.common.contracts.reports import ConfusionMatrix, ReportView
from libs.tasks.classification.tallies import NUM_SHOWN, Tally, class_bars
from libs.tasks.classification.truths import THRESHOLD, label_of, places_of
from libs.tasks.codec import Judged, SampleScore

# So many classes a prediction lists; an answer about 10,000 of them would not be read.
NUM_LISTED = 20
# A probability of exactly 0 would make the loss infinite.
SMALLEST_PROBABILITY = 1e-12


def prediction(scores: np.ndarray, card: ModelCard) -> ClassPrediction:
    order = [int(place) for place in np.argsort(-scores, kind="stable")[:NUM_LISTED]]
    ranked = tuple(ScoredLabel(label=card.classes[place], score=float(scores[place])) for place in order)
    return ClassPrediction(label=ranked[0].label, score=ranked[0].score, scores=ranked)


def refuses(answer: ClassPrediction, card: ModelCard) -> bool:
    """Below the threshold of its card, where there is one: no threshold is chosen unless somebody does."""
    threshold = card.calibration.get(THRESHOLD)
    return threshold is not None and answer.score < threshold


def score(answer: ClassPrediction, truth: Sequence[Annotation], card: ModelCard) -> SampleScore:
    """`score` is the probability given to the true class."""
    label = label_of(truth)
    given = _probability(answer, label, card)
    loss = -math.log(max(given, SMALLEST_PROBABILITY))
    return SampleScore(is_correct=answer.label == label, score=given, loss=loss, confidence=answer.score)


def metrics(judged: Sequence[Judged], card: ModelCard) -> dict[str, float]:
    return metrics_of(_tally(judged, card))


def metrics_of(tally: Tally) -> dict[str, float]:
    return {"accuracy": float(tally.right.sum() / max(1, tally.truths.sum())), **tally.macro()}


def views(judged: Sequence[Judged], card: ModelCard) -> tuple[ReportView, ...]:
    return _confusion(judged, card), class_bars(_tally(judged, card), card.classes)


def _probability(answer: ClassPrediction, label: str, card: ModelCard) -> float:
    """Of the class; those that are not listed share alike what the listed ones leave."""
    listed = {each.label: each.score for each in answer.scores}
    rest = max(0.0, 1.0 - sum(listed.values()))
    return listed.get(label, rest / max(1, len(card.classes) - len(listed)))


def _pairs(judged: Sequence[Judged], card: ModelCard) -> list[tuple[int, int]]:
    """The places of the true and the answered class of each sample."""
    places = places_of(card)
    return [
        (places[label_of(each.truth)], places[each.prediction.label])
        for each in judged
        if isinstance(each.prediction, ClassPrediction)
    ]


def _tally(judged: Sequence[Judged], card: ModelCard) -> Tally:
    pairs = _pairs(judged, card)
    return Tally.of([true for true, _ in pairs], [answer for _, answer in pairs], len(card.classes))


def _confusion(judged: Sequence[Judged], card: ModelCard) -> ConfusionMatrix:
    """Of all classes, or of those that are confused most."""
    counted = Counter(_pairs(judged, card))
    shown = _shown(counted, len(card.classes))
    counts = tuple(tuple(counted[true, answer] for answer in shown) for true in shown)
    classes = tuple(card.classes[place] for place in shown)
    if len(shown) == len(card.classes):
        return ConfusionMatrix(classes=classes, counts=counts)
    title = f"Confusion matrix: the {len(shown)} classes of {len(card.classes):,} with most mistakes"
    return ConfusionMatrix(classes=classes, counts=counts, title=title)


def _shown(counted: Counter[tuple[int, int]], num_classes: int) -> list[int]:
    if num_classes <= NUM_SHOWN:
        return list(range(num_classes))
    mistakes: Counter[int] = Counter()
    for (true, answer), count in counted.items():
        if true != answer:
            mistakes[true] += count
            mistakes[answer] += count
    return sorted(place for place, _ in mistakes.most_common(NUM_SHOWN))
