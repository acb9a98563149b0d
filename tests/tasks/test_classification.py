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
from libs.common.contracts.reports import ClassBars, ConfusionMatrix
from libs.tasks.classification.decode import CODEC
from libs.tasks.classification.meters import OneClass
from libs.tasks.classification.single import NUM_LISTED
from libs.tasks.classification.tallies import NUM_SHOWN
from libs.tasks.classification.truths import ClassIsUnknown
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
    metrics = OneClass(3, torch.device("cpu"))
    metrics.update(torch.tensor(ROWS[:3]), torch.tensor(TRUTHS[:3]))
    metrics.update(torch.tensor(ROWS[3:]), torch.tensor(TRUTHS[3:]))
    report = CODEC.report(judged(ROWS, TRUTHS), card(3))
    found = metrics.compute()
    assert found and found == {key: report.metrics[key] for key in found}


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


def test_of_ten_thousand_classes_the_confused_ones_are_shown():
    num_classes = 10_000
    of = card(num_classes)
    scores = np.full((50, num_classes), 1e-5, np.float32)
    scores[:, 7] = 0.9
    report = CODEC.report(judged(scores.tolist(), list(range(50))), of)
    matrix = next(view for view in report.views if isinstance(view, ConfusionMatrix))
    assert len(matrix.counts) == 50
    assert "50 classes of 10,000" in matrix.title
    assert [row[7] for row in matrix.counts] == [1] * 50
    bars = next(view for view in report.views if isinstance(view, ClassBars))
    assert len(bars.bars) == NUM_SHOWN
    assert sum(bar.support for bar in bars.bars) >= 49, "classes with samples come before those without"
    assert report.metrics["accuracy"] == 1 / 50


def test_counts_of_ten_thousand_classes_fit_anywhere():
    metrics = OneClass(10_000, torch.device("cpu"))
    targets = torch.arange(64) * 100
    outputs = torch.zeros(64, 10_000)
    outputs[torch.arange(64), targets] = 1.0
    metrics.update(outputs, targets)
    other = OneClass(10_000, torch.device("cpu"))
    other.update(outputs.roll(1, dims=0), targets)
    metrics.merge(other)
    assert metrics.compute()["accuracy"] == 0.5


def test_a_truth_that_the_model_does_not_know_is_told():
    of = card(2)
    answers = CODEC.decode({"scores": np.array([[0.7, 0.3]], np.float32)}, of)
    truth = (LabelAnnotation(label="owl"),)
    stranger = Judged("test", truth, answers[0], CODEC.score(answers[0], truth, of))
    with pytest.raises(ClassIsUnknown, match="'owl'"):
        CODEC.report([stranger], of)
