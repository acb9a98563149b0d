"""Arrays in and out of a classifier, and what its answers are worth."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from libs.common.contracts.annotations import Annotation, LabelAnnotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import ClassPrediction, Prediction, ScoredLabel
from libs.common.contracts.reports import ClassBar, ClassBars, ConfusionMatrix, EvaluationReport
from libs.common.errors import BadInput
from libs.tasks.codec import IMAGES, Codec, Judged, SampleScore, ServingSignature, TensorSpec

# So many classes a prediction lists; an answer about 10,000 of them would not be read.
NUM_LISTED = 20
# A probability of exactly 0 would make the loss infinite.
SMALLEST_PROBABILITY = 1e-12


class SampleHasNoLabel(BadInput):
    code, title = "sample_has_no_label", "A sample is not labelled with a class"


def label_of(annotations: Sequence[Annotation]) -> str:
    for annotation in annotations:
        if isinstance(annotation, LabelAnnotation):
            return annotation.label
    raise SampleHasNoLabel("the sample has no label")


class ClassificationCodec(Codec):
    def signature(self, card: ModelCard) -> ServingSignature:
        """`images` uint8 [batch, height, width, 3] → `scores` float32 [batch, classes], probabilities."""
        return ServingSignature(
            inputs=(IMAGES,),
            outputs=(TensorSpec("scores", "float32", (len(card.classes),)),),
        )

    def decode(self, outputs: Mapping[str, np.ndarray], card: ModelCard) -> list[Prediction]:
        return [_prediction(row, card.classes) for row in outputs["scores"]]

    def score(self, prediction: Prediction, truth: Sequence[Annotation], card: ModelCard) -> SampleScore:
        """`score` is the probability given to the true class."""
        assert isinstance(prediction, ClassPrediction)
        label = label_of(truth)
        given = _probability(prediction, label, card)
        loss = -math.log(max(given, SMALLEST_PROBABILITY))
        return SampleScore(is_correct=prediction.label == label, score=given, loss=loss)

    def report(self, judged: Iterable[Judged], card: ModelCard) -> EvaluationReport:
        found = list(judged)
        subsets = sorted({each.subset for each in found})
        counts = _confusion(found, card.classes)
        return EvaluationReport(
            num_samples=len(found),
            metrics=_metrics(found, counts),
            subset_metrics={subset: _subset_metrics(found, subset, card) for subset in subsets},
            views=(
                ConfusionMatrix(classes=card.classes, counts=tuple(tuple(row) for row in counts.tolist())),
                _bars(counts, card.classes),
            ),
        )


def _prediction(scores: np.ndarray, classes: Sequence[str]) -> ClassPrediction:
    order = [int(place) for place in np.argsort(-scores, kind="stable")[:NUM_LISTED]]
    ranked = tuple(ScoredLabel(label=classes[place], score=float(scores[place])) for place in order)
    return ClassPrediction(label=ranked[0].label, score=ranked[0].score, scores=ranked)


def _probability(prediction: ClassPrediction, label: str, card: ModelCard) -> float:
    """Of the class; those that are not listed share alike what the listed ones leave."""
    listed = {each.label: each.score for each in prediction.scores}
    rest = max(0.0, 1.0 - sum(listed.values()))
    return listed.get(label, rest / max(1, len(card.classes) - len(listed)))


def _confusion(judged: Sequence[Judged], classes: Sequence[str]) -> np.ndarray:
    """[true class, predicted class]."""
    place_of = {label: place for place, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for each in judged:
        assert isinstance(each.prediction, ClassPrediction)
        counts[place_of[label_of(each.truth)], place_of[each.prediction.label]] += 1
    return counts


def _subset_metrics(judged: Sequence[Judged], subset: str, card: ModelCard) -> dict[str, float]:
    own = [each for each in judged if each.subset == subset]
    return _metrics(own, _confusion(own, card.classes))


def _metrics(judged: Sequence[Judged], counts: np.ndarray) -> dict[str, float]:
    losses = [each.score.loss for each in judged if each.score.loss is not None]
    return {**metrics_of(counts), "loss": float(np.mean(losses)) if losses else 0.0}


def metrics_of(counts: np.ndarray) -> dict[str, float]:
    """From a confusion matrix [true, predicted]; means are over the classes that are present."""
    precision, recall, f1 = precision_recall_f1(counts)
    present = counts.sum(axis=1) > 0
    return {
        "accuracy": float(np.trace(counts) / max(1, counts.sum())),
        "precision_macro": float(precision[present].mean()) if present.any() else 0.0,
        "recall_macro": float(recall[present].mean()) if present.any() else 0.0,
        "f1_macro": float(f1[present].mean()) if present.any() else 0.0,
    }


def precision_recall_f1(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per class from a confusion matrix [true, predicted]; 0 where nothing was predicted or present."""
    right = np.diag(counts).astype(np.float64)
    precision = right / np.maximum(counts.sum(axis=0), 1)
    recall = right / np.maximum(counts.sum(axis=1), 1)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    return precision, recall, f1


def _bars(counts: np.ndarray, classes: Sequence[str]) -> ClassBars:
    precisions, recalls, f1s = precision_recall_f1(counts)
    columns = zip(classes, precisions, recalls, f1s, counts.sum(axis=1), strict=True)
    return ClassBars(
        bars=tuple(
            ClassBar(
                name=name,
                values={"precision": float(precision), "recall": float(recall), "f1": float(f1)},
                support=int(support),
            )
            for name, precision, recall, f1, support in columns
        )
    )


CODEC = ClassificationCodec()
