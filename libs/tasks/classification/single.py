"""One class per image: from probabilities to answers, and what they are worth."""

import math
from collections.abc import Sequence

import numpy as np
from pydantic import TypeAdapter

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import ClassPrediction, ScoredLabel
from libs.tasks.classification.tallies import Tally
from libs.tasks.classification.truths import THRESHOLD, label_of
from libs.tasks.codec import SampleScore

# So many classes a prediction lists; an answer about 10,000 of them would not be read.
NUM_LISTED = 20
# A probability of exactly 0 would make the loss infinite.
SMALLEST_PROBABILITY = 1e-12
SCORED = TypeAdapter(tuple[ScoredLabel, ...])


def prediction(scores: np.ndarray, card: ModelCard) -> ClassPrediction:
    order = np.argsort(-scores, kind="stable")[:NUM_LISTED]
    places = zip(order.tolist(), scores[order].tolist(), strict=True)
    # All in one call: one object at a time takes half as long again.
    ranked = SCORED.validate_python(
        [{"label": card.classes[place], "score": score} for place, score in places]
    )
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


def metrics_of(tally: Tally) -> dict[str, float]:
    return {"accuracy": float(tally.right.sum() / max(1, tally.truths.sum())), **tally.macro()}


def _probability(answer: ClassPrediction, label: str, card: ModelCard) -> float:
    """Of the class; those that are not listed share alike what the listed ones leave."""
    listed = {each.label: each.score for each in answer.scores}
    rest = max(0.0, 1.0 - sum(listed.values()))
    return listed.get(label, rest / max(1, len(card.classes) - len(listed)))
