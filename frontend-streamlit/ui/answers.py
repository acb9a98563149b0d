"""Answers of models in a few words, and samples with the answers under them."""

from collections.abc import Iterable
from typing import assert_never

from comp.sample_grid import Row, Tile, Verdict
from comp.shown import Kind, Tones

from libs.common.contracts.annotations import (
    Annotation,
    CaptionAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
    TextAnnotation,
)
from libs.common.contracts.predictions import (
    AnomalyPrediction,
    BoxesPrediction,
    ClassPrediction,
    CodePrediction,
    LabelsPrediction,
    MasksPrediction,
    Prediction,
    TextPrediction,
    ValuePrediction,
)
from libs.common.contracts.results import Answered, ResultPair, SampleResult
from ui.states import counted

NO_CLASS = "no class"


def result_tile(result: SampleResult, tones: Tones, kind: Kind) -> Tile:
    """The answer, and the truth where it is another."""
    rows = [answer_row(result, tones)]
    rows.append(truth_row(result.truth, tones) if result.correct is False else Row(""))
    return Tile(
        id=result.sample_id, name=result.name, kind=kind, verdict=verdict_of(result), rows=tuple(rows)
    )


def pair_tile(pair: ResultPair, tones: Tones, kind: Kind) -> Tile:
    """The truth above what either says."""
    rows = (
        truth_row(pair.truth, tones),
        answer_row(pair.left, tones, mark="A"),
        answer_row(pair.right, tones, mark="B"),
    )
    return Tile(id=pair.sample_id, name=pair.name, kind=kind, rows=rows)


def answer_row(answered: Answered, tones: Tones, mark: str = "") -> Row:
    text = said(answered.prediction)
    return Row(
        text, _tone(answered.prediction, tones), percent(answered.confidence), mark, verdict_of(answered)
    )


def truth_row(truth: Iterable[Annotation], tones: Tones) -> Row:
    text = true_of(truth)
    return Row(text, tones.of(text) if tones.knows(text) else None, mark="true")


def verdict_of(answered: Answered) -> Verdict | None:
    if answered.correct is None:
        return None
    return "right" if answered.correct else "wrong"


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}".replace("%", " %")


def said(prediction: Prediction) -> str:
    match prediction:
        case ClassPrediction():
            return prediction.label
        case LabelsPrediction():
            return ", ".join(prediction.labels) or NO_CLASS
        case ValuePrediction():
            return f"{prediction.value:,.6g}"
        case BoxesPrediction():
            return f"{len(prediction.boxes):,} found"
        case MasksPrediction():
            return counted(len(prediction.masks), "mask")
        case AnomalyPrediction():
            return "anomalous" if prediction.is_anomalous else "normal"
        case CodePrediction():
            return prediction.code
        case TextPrediction():
            return prediction.text
        case _:
            assert_never(prediction)


def true_of(truth: Iterable[Annotation]) -> str:
    return ", ".join(dict.fromkeys(filter(None, map(_named, truth)))) or NO_CLASS


def _named(annotation: Annotation) -> str:
    match annotation:
        case LabelsAnnotation():
            return ", ".join(annotation.labels)
        case CaptionAnnotation() | TextAnnotation():
            return annotation.text
        case TargetAnnotation():
            return f"{annotation.value:,.6g}"
        case _:
            return annotation.label


def _tone(prediction: Prediction, tones: Tones) -> int | None:
    return tones.of(prediction.label) if isinstance(prediction, ClassPrediction) else None
