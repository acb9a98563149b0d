"""Truths and answers in a few words."""

from collections.abc import Sequence

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.predictions import ClassPrediction, LabelsPrediction, Prediction, ValuePrediction


def truth_in_words(truth: Sequence[Annotation]) -> str:
    said = (getattr(each, "label", None) or getattr(each, "labels", None) or each.type for each in truth)
    return ", ".join(each if isinstance(each, str) else ", ".join(each) for each in said)


def answer_in_words(prediction: Prediction) -> str:
    match prediction:
        case ClassPrediction():
            return f"{prediction.label} {prediction.score:.1%}"
        case LabelsPrediction():
            return ", ".join(prediction.labels) or "none"
        case ValuePrediction():
            return f"{prediction.value:.4g}"
        case _:
            return prediction.type
