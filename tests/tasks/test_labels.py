"""Several classes per image: answers, their worth, and the threshold that is chosen on validation data."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, f1_score, hamming_loss

from libs.common.contracts.annotations import LabelAnnotation, LabelsAnnotation
from libs.common.contracts.base import now
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.common.contracts.predictions import LabelsPrediction
from libs.common.contracts.reports import ClassBars, Curve
from libs.tasks.classification.decode import CODEC
from libs.tasks.classification.meters import SeveralClasses
from libs.tasks.classification.multi import NUM_LISTED
from libs.tasks.classification.spreads import EDGES, bins_of
from libs.tasks.classification.tallies import NUM_SHOWN
from libs.tasks.classification.truths import SampleHasNoLabel, SampleHasSeveralLabels, label_of, labels_of
from libs.tasks.codec import Judged

CPU = torch.device("cpu")
ROWS = [[0.4, 0.9, 0.1], [0.1, 0.2, 0.3]]


def card(num_classes: int, threshold: float | None = None) -> ModelCard:
    return ModelCard(
        task="classification",
        task_version="1.1",
        architecture="simple_cnn",
        classes=tuple(f"class {number}" for number in range(num_classes)),
        input=ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1)),
        config={"mode": "multi"},
        calibration={} if threshold is None else {"threshold": threshold},
        seed=0,
        code_version="test",
        created_at=now(),
    )


def judged(scores: np.ndarray, truths: np.ndarray, of: ModelCard) -> list[Judged]:
    answers = CODEC.decode({"scores": scores.astype(np.float32)}, of)
    rows = [
        (LabelsAnnotation(labels=tuple(of.classes[place] for place in np.flatnonzero(row))),)
        for row in truths
    ]
    return [
        Judged("test", row, answer, CODEC.score(answer, row, of))
        for answer, row in zip(answers, rows, strict=True)
    ]


def some(seed: int = 0, count: int = 300, num_classes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Logits that know something, and truths of which some classes are rare and one is never."""
    random = np.random.default_rng(seed)
    truths = random.random((count, num_classes)) < np.linspace(0, 0.5, num_classes)
    logits = random.normal(size=truths.shape) + 2 * truths - 1
    return logits.astype(np.float32), truths


def metered(logits: np.ndarray, truths: np.ndarray) -> SeveralClasses:
    meter = SeveralClasses(logits.shape[1], CPU)
    for part in range(0, len(logits), 64):
        rows = slice(part, part + 64)
        meter.update(torch.from_numpy(logits[rows]), torch.from_numpy(truths[rows].astype(np.uint8)))
    return meter


def test_metrics_are_those_of_scikit_learn():
    logits, truths = some()
    meter = metered(logits, truths)
    found, threshold = meter.compute(), meter.calibration()["threshold"]
    scores = torch.from_numpy(logits).sigmoid().numpy()
    answers = scores >= np.float32(threshold)
    present = truths.any(axis=0)
    assert found["f1_micro"] == pytest.approx(f1_score(truths, answers, average="micro"))
    by_class = f1_score(truths, answers, average=None, zero_division=0)
    assert found["f1_macro"] == pytest.approx(by_class[present].mean())
    assert found["hamming_loss"] == pytest.approx(hamming_loss(truths, answers))
    assert found["subset_accuracy"] == pytest.approx((truths == answers).all(axis=1).mean())
    wanted = average_precision_score(truths[:, present], bins_of(scores)[:, present], average="macro")
    assert found["map"] == pytest.approx(wanted)
    exact = average_precision_score(truths[:, present], scores[:, present], average="macro")
    assert found["map"] == pytest.approx(exact, abs=0.005), "bins cost little"


def test_no_other_threshold_has_a_higher_f1():
    logits, truths = some()
    meter = metered(logits, truths)
    scores = torch.from_numpy(logits).sigmoid().numpy()
    every = [f1_score(truths, scores >= edge, average="micro", zero_division=0) for edge in EDGES]
    assert meter.compute()["f1_micro"] == pytest.approx(max(every))
    assert meter.calibration()["threshold"] == pytest.approx(0.5, abs=0.45)


def test_training_and_evaluation_agree():
    logits, truths = some()
    meter = metered(logits, truths)
    of = card(6, meter.calibration()["threshold"])
    scores = torch.from_numpy(logits).sigmoid().numpy()
    report = CODEC.report(judged(scores, truths, of), of)
    assert meter.compute().items() <= report.metrics.items()


def test_two_processes_count_as_one():
    logits, truths = some()
    first, second = metered(logits[:100], truths[:100]), metered(logits[100:], truths[100:])
    first.merge(second)
    assert first.compute() == metered(logits, truths).compute()
    assert first.calibration() == metered(logits, truths).calibration()


def test_what_reaches_the_threshold_is_answered():
    first, none = CODEC.decode({"scores": np.array(ROWS, np.float32)}, card(3, 0.4))
    assert isinstance(first, LabelsPrediction) and isinstance(none, LabelsPrediction)
    assert first.labels == ("class 1", "class 0")
    assert none.labels == ()
    assert [each.label for each in none.scores] == ["class 2", "class 1", "class 0"]


def test_an_answer_is_right_only_as_a_whole():
    scores = np.array([[0.9, 0.8, 0.1], [0.9, 0.8, 0.1], [0.1, 0.1, 0.1]])
    truths = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]])
    whole, half, none = (each.score for each in judged(scores, truths, card(3)))
    assert (whole.is_correct, half.is_correct, none.is_correct) == (True, False, True)
    assert whole.score == pytest.approx(0.8)
    assert half.score == pytest.approx(0.2), "the worst decision sorts a sample"
    assert half.loss == pytest.approx(-(math.log(0.9) + math.log(0.2) + math.log(0.9)) / 3)


def test_of_many_classes_the_surest_are_listed_and_the_others_count_as_excluded():
    num_classes = 10_000
    scores = np.full((2, num_classes), 1e-5)
    scores[:, :3] = 0.9
    truths = np.zeros(scores.shape, bool)
    truths[:, :2] = True
    truths[1, 9_999] = True
    of = card(num_classes)
    found = judged(scores, truths, of)
    answer = found[0].prediction
    assert isinstance(answer, LabelsPrediction)
    assert len(answer.scores) == NUM_LISTED
    report = CODEC.report(found, of)
    assert report.metrics["hamming_loss"] == pytest.approx(3 / 20_000)
    bars = next(view for view in report.views if isinstance(view, ClassBars))
    assert len(bars.bars) == NUM_SHOWN
    assert "of 10,000" in bars.title


def test_the_curve_falls_from_few_sure_answers_to_all():
    logits, truths = some()
    of = card(6)
    report = CODEC.report(judged(torch.from_numpy(logits).sigmoid().numpy(), truths, of), of)
    curve = next(view for view in report.views if isinstance(view, Curve))
    assert list(curve.x) == sorted(curve.x, reverse=True)
    assert (curve.x[0], curve.y[0]) == (1.0, pytest.approx(truths.mean()))


def test_labels_are_read_from_both_kinds_of_annotation():
    cat, both = LabelAnnotation(label="cat"), LabelsAnnotation(labels=("cat", "dog"))
    assert labels_of((cat,)) == {"cat"}
    assert labels_of((both,)) == {"cat", "dog"}
    assert labels_of((LabelsAnnotation(labels=()),)) == set()
    assert label_of((LabelsAnnotation(labels=("cat",)),)) == "cat"
    with pytest.raises(SampleHasNoLabel):
        labels_of(())
    with pytest.raises(SampleHasSeveralLabels, match="2 classes"):
        label_of((both,))
