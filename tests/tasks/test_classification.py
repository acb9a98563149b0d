"""What a classifier's answers are worth."""

import math
from uuid import UUID

import numpy as np
import pytest
import torch

from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.base import now
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.common.contracts.predictions import ClassPrediction
from libs.common.contracts.reports import ConfusionMatrix
from libs.tasks.classification.decode import CODEC, NUM_LISTED
from libs.tasks.classification.task import ClassificationMetrics
from libs.tasks.codec import Judged


def card(num_classes: int) -> ModelCard:
    return ModelCard(
        task="classification",
        task_version="1.0",
        architecture="simple_cnn",
        classes=tuple(f"class {number}" for number in range(num_classes)),
        input=ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1)),
        config={},
        run_id=UUID(int=1),
        seed=0,
        code_version="test",
        created_at=now(),
    )


def judged(rows: list[list[float]], truths: list[int]) -> list[Judged]:
    """One probability row and one true class per sample."""
    of = card(len(rows[0]))
    answers = CODEC.decode({"scores": np.array(rows, np.float32)}, of)
    labels = [(LabelAnnotation(label=of.classes[truth]),) for truth in truths]
    return [
        Judged("test", truth, answer, CODEC.score(answer, truth, of))
        for answer, truth in zip(answers, labels, strict=True)
    ]


ROWS, TRUTHS = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1]], [0, 1, 1, 1]


def test_the_report_counts_by_hand():
    report = CODEC.report(judged(ROWS, TRUTHS), card(3))
    assert report.metrics["accuracy"] == 0.75
    assert report.metrics["precision_macro"] == pytest.approx((1 / 2 + 1) / 2)
    assert report.metrics["recall_macro"] == pytest.approx((1 + 2 / 3) / 2)
    assert report.metrics["loss"] == pytest.approx(-sum(map(math.log, (0.7, 0.6, 0.4, 0.8))) / 4)
    matrix = next(view for view in report.views if isinstance(view, ConfusionMatrix))
    assert matrix.counts == ((1, 0, 0), (1, 2, 0), (0, 0, 0))


def test_training_and_evaluation_agree():
    metrics = ClassificationMetrics(3, torch.device("cpu"))
    metrics.update(torch.tensor(ROWS[:3]), torch.tensor(TRUTHS[:3]))
    metrics.update(torch.tensor(ROWS[3:]), torch.tensor(TRUTHS[3:]))
    report = CODEC.report(judged(ROWS, TRUTHS), card(3))
    assert metrics.compute() == {key: value for key, value in report.metrics.items() if key != "loss"}


def test_of_many_classes_the_best_are_listed():
    row = [0.5, *[0.001] * 500]
    first = judged([row], [0])[0]
    assert isinstance(first.prediction, ClassPrediction)
    assert len(first.prediction.scores) == NUM_LISTED
    assert (first.score.is_correct, first.score.score) == (True, 0.5)
    assert judged([row], [400])[0].score.score == pytest.approx(0.001)


def test_an_answer_that_was_sure_and_wrong_has_a_finite_loss():
    loss = judged([[1.0, 0.0]], [1])[0].score.loss
    assert loss is not None and math.isfinite(loss)
