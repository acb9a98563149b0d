"""Any number of classes per image: from probabilities to answers, and what they are worth."""

import math
from collections.abc import Sequence

import numpy as np

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import LabelsPrediction, ScoredLabel
from libs.tasks.classification.truths import THRESHOLD, labels_of
from libs.tasks.codec import SampleScore

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
