"""Numbers in and out, and how far they are off."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from libs.common.contracts.annotations import Annotation, LabelAnnotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import Prediction, ValuePrediction
from libs.common.contracts.reports import EvaluationReport, Scatter
from libs.tasks.codec import IMAGES, Codec, Judged, SampleScore, ServingSignature, TensorSpec


def number(annotations: Sequence[Annotation]) -> float:
    return next(float(each.label) for each in annotations if isinstance(each, LabelAnnotation))


class BrightnessCodec(Codec):
    def signature(self, card: ModelCard) -> ServingSignature:
        return ServingSignature(inputs=(IMAGES,), outputs=(TensorSpec("values", "float32", (1,)),))

    def decode(self, outputs: Mapping[str, np.ndarray], card: ModelCard) -> list[Prediction]:
        return [ValuePrediction(value=float(value)) for value in outputs["values"][:, 0]]

    def score(self, prediction: Prediction, truth: Sequence[Annotation], card: ModelCard) -> SampleScore:
        error = abs(_value(prediction) - number(truth))
        return SampleScore(is_correct=None, score=-error, loss=error)

    def report(self, judged: Iterable[Judged], card: ModelCard) -> EvaluationReport:
        found = list(judged)
        return EvaluationReport(
            num_samples=len(found),
            metrics=_metrics(found),
            subset_metrics={
                subset: _metrics([each for each in found if each.subset == subset])
                for subset in sorted({each.subset for each in found})
            },
            views=(
                Scatter(
                    title="Truth and prediction",
                    x_title="truth",
                    y_title="prediction",
                    x=tuple(number(each.truth) for each in found),
                    y=tuple(_value(each.prediction) for each in found),
                ),
            ),
        )


def _value(prediction: Prediction) -> float:
    assert isinstance(prediction, ValuePrediction)
    return prediction.value


def _metrics(judged: Sequence[Judged]) -> dict[str, float]:
    return {"mae": float(np.mean([-each.score.score for each in judged]))}


CODEC = BrightnessCodec()
