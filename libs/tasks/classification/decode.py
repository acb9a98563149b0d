"""Arrays in and out of a classifier, and what its answers are worth, by its mode."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import ClassPrediction, LabelsPrediction, Prediction
from libs.common.contracts.reports import EvaluationReport
from libs.tasks.classification import multi, multi_report, single, single_report
from libs.tasks.classification.truths import is_multi_label
from libs.tasks.codec import IMAGES, Codec, Judged, SampleScore, ServingSignature, TensorSpec

# By so much probabilities may miss what they should be.
ROUNDING = 1e-2


class ClassificationCodec(Codec):
    def signature(self, card: ModelCard) -> ServingSignature:
        """`images` uint8 [batch, height, width, 3] → `scores` float32 [batch, classes], probabilities."""
        return ServingSignature(
            inputs=(IMAGES,),
            outputs=(TensorSpec("scores", "float32", (len(card.classes),)),),
        )

    def misfit(self, outputs: Mapping[str, np.ndarray], card: ModelCard) -> str | None:
        scores = outputs["scores"]
        if scores.min() < -ROUNDING or scores.max() > 1 + ROUNDING:
            return "the scores are not all between 0 and 1: they are logits, not probabilities"
        sums = scores.sum(axis=1)
        if not is_multi_label(card) and np.abs(sums - 1).max() > ROUNDING:
            return "the scores of an image do not add up to 1; of several classes per image the mode is multi"
        return None

    def decode(self, outputs: Mapping[str, np.ndarray], card: ModelCard) -> list[Prediction]:
        prediction = multi.prediction if is_multi_label(card) else single.prediction
        return [prediction(row, card) for row in outputs["scores"]]

    def refuses(self, prediction: Prediction, card: ModelCard) -> bool:
        return isinstance(prediction, ClassPrediction) and single.refuses(prediction, card)

    def score(self, prediction: Prediction, truth: Sequence[Annotation], card: ModelCard) -> SampleScore:
        if isinstance(prediction, LabelsPrediction):
            return multi.score(prediction, truth, card)
        assert isinstance(prediction, ClassPrediction)
        return single.score(prediction, truth, card)

    def report(self, judged: Iterable[Judged], card: ModelCard) -> EvaluationReport:
        report_of = multi_report.report_of if is_multi_label(card) else single_report.report_of
        return report_of(judged, card)


CODEC = ClassificationCodec()
