"""What an evaluation of a classifier says, beside what scikit-learn says of the same answers."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from libs.common.contracts.annotations import LabelAnnotation, LabelsAnnotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import ClassPrediction
from libs.common.contracts.reports import ClassBars, ConfusionMatrix, Curve, EvaluationReport, Histogram
from libs.tasks.classification.decode import CODEC
from libs.tasks.classification.spec import MANIFEST
from libs.tasks.classification.spreads import EDGES, NUM_EDGES
from libs.tasks.codec import Judged
from tests.factories import model_card

NO_WARNINGS = {"zero_division": 0}


def card(num_classes: int, mode: str = "single", **calibration: float) -> ModelCard:
    classes = tuple(f"class {number:02}" for number in range(num_classes))
    return model_card(task="classification", classes=classes, config={"mode": mode}, calibration=calibration)


def softmax(logits: np.ndarray) -> np.ndarray:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (grown / grown.sum(axis=1, keepdims=True)).astype(np.float32)


def judged(scores: np.ndarray, truths: np.ndarray, of: ModelCard) -> Iterator[Judged]:
    """Rows take the subsets `test` and `val` in turn."""
    answers = CODEC.decode({"scores": scores}, of)
    for number, (answer, true) in enumerate(zip(answers, truths, strict=True)):
        truth = (
            (LabelAnnotation(label=of.classes[true]),)
            if truths.ndim == 1
            else (LabelsAnnotation(labels=tuple(of.classes[place] for place in np.flatnonzero(true))),)
        )
        yield Judged("val" if number % 2 else "test", truth, answer, CODEC.score(answer, truth, of))


def some(seed: int, num_classes: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that know something, in steps so that many are equal; every class is there."""
    random = np.random.default_rng(seed)
    truths = np.append(np.arange(num_classes), random.integers(0, num_classes, count))
    logits = random.normal(size=(len(truths), num_classes)) + 1.5 * np.eye(num_classes)[truths]
    return softmax(np.round(logits, 1)), truths


def view(report: EvaluationReport, kind: type, title: str = "") -> object:
    return next(each for each in report.views if isinstance(each, kind) and title in each.title)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(0, 60))
def test_metrics_are_those_of_scikit_learn(seed: int, num_classes: int, count: int):
    scores, truths = some(seed, num_classes, count)
    of = card(num_classes)
    found = CODEC.report(judged(scores, truths, of), of).metrics

    answers, one_hot = scores.argmax(axis=1), np.eye(num_classes)[truths]
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(truths, answers))
    for average in ("macro", "weighted"):
        wanted = sk.precision_recall_fscore_support(truths, answers, average=average, **NO_WARNINGS)[:3]
        names = (f"{name}_{average}" for name in ("precision", "recall", "f1"))
        assert [found[name] for name in names] == pytest.approx(list(wanted))
    assert found["auroc"] == pytest.approx(sk.roc_auc_score(one_hot, scores, average="macro"))
    assert found["average_precision"] == pytest.approx(
        sk.average_precision_score(one_hot, scores, average="macro")
    )
    assert found["loss"] == pytest.approx(-np.log(scores[one_hot == 1].astype(float)).mean())
    if num_classes > 5:
        # Of equally likely classes the first counts, there the last.
        wanted = sk.top_k_accuracy_score(truths, scores - np.arange(num_classes) * 1e-9, k=5)
        assert found["top5_accuracy"] == pytest.approx(wanted, abs=2 / len(truths))


def test_calibration_error_is_what_its_definition_says():
    scores, truths = some(5, 4, 400)
    of = card(4)
    found = CODEC.report(judged(scores, truths, of), of).metrics["calibration_error"]

    confidence, is_right = scores.max(axis=1).astype(float), scores.argmax(axis=1) == truths
    wanted = 0.0
    for low in np.arange(15) / 15:
        here = (confidence >= low) & (confidence < low + 1 / 15)
        if here.any():
            wanted += here.mean() * abs(confidence[here].mean() - is_right[here].mean())
    assert found == pytest.approx(wanted)


def test_what_is_seen_shows_the_same_as_scikit_learn():
    scores, truths = some(7, 3, 300)
    of = card(3)
    report = CODEC.report(judged(scores, truths, of), of)
    answers = scores.argmax(axis=1)

    confusion, bars = view(report, ConfusionMatrix), view(report, ClassBars)
    assert isinstance(confusion, ConfusionMatrix) and isinstance(bars, ClassBars)
    assert np.array_equal(confusion.counts, sk.confusion_matrix(truths, answers))
    by_class = sk.precision_recall_fscore_support(truths, answers)
    assert [bar.values["f1"] for bar in bars.bars] == pytest.approx(list(by_class[2]))
    assert [bar.support for bar in bars.bars] == by_class[3].tolist()
    roc = view(report, Curve, "ROC")
    assert isinstance(roc, Curve)
    area = sk.roc_auc_score(np.eye(3)[truths].ravel(), scores.ravel())
    assert np.trapezoid(roc.y, roc.x) == pytest.approx(area, abs=0.003), "counted in bins"
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    how_sure = view(report, Histogram)
    assert isinstance(how_sure, Histogram) and sum(how_sure.counts) == len(truths)


def test_each_subset_is_judged_as_if_it_were_alone():
    scores, truths = some(3, 4, 101)
    of = card(4)
    every = list(judged(scores, truths, of))
    whole = CODEC.report(iter(every), of)
    for subset in ("test", "val"):
        alone = CODEC.report((each for each in every if each.subset == subset), of)
        assert whole.subset_metrics[subset] == pytest.approx(alone.metrics)


def test_of_many_classes_the_order_is_known_up_to_bins():
    scores, truths = some(11, 40, 400)
    of = card(40)
    found = CODEC.report(judged(scores, truths, of), of).metrics

    exact = sk.roc_auc_score(np.eye(40)[truths], scores, average="macro")
    assert found["auroc"] == pytest.approx(exact, abs=0.02)
    assert found["accuracy"] == pytest.approx((scores.argmax(axis=1) == truths).mean())


def test_of_one_class_alone_nothing_is_said_that_compares_it_with_others():
    scores, _ = some(1, 2, 10)
    of = card(2)
    found = CODEC.report(judged(scores, np.zeros(len(scores), int), of), of).metrics

    assert "auroc" not in found
    wanted = {spec.key for spec in MANIFEST.metrics_of(of.config) if not spec.is_evaluation_only}
    assert wanted <= found.keys()


def test_below_the_best_threshold_more_wrong_answers_are_kept_back_than_right_ones():
    """The sure ones are right, the unsure ones are mostly wrong."""
    scores = np.array([[0.95, 0.05]] * 60 + [[0.45, 0.55]] * 40, np.float32)
    truths = np.array([0] * 60 + [0] * 38 + [1] * 2)
    of = card(2)
    search = CODEC.report(judged(scores, truths, of), of).threshold

    assert search is not None and search.metric == "f1_answered"
    assert 0.55 < search.best <= 0.95
    place = search.thresholds.index(search.best)
    assert search.values["accuracy"][place] == 1.0
    assert search.values["coverage"][place] == pytest.approx(0.6)
    served = card(2, threshold=search.best)
    sure, unsure = CODEC.decode({"scores": scores[[0, -1]]}, served)
    assert isinstance(sure, ClassPrediction)
    assert (CODEC.refuses(sure, served), CODEC.refuses(unsure, served)) == (False, True)
    assert not CODEC.refuses(unsure, of), "without a threshold nothing is refused"


def test_a_model_that_is_always_right_refuses_nothing():
    scores, truths = softmax(4 * np.eye(3)[np.arange(30) % 3]), np.arange(30) % 3
    search = CODEC.report(judged(scores, truths, card(3)), card(3)).threshold
    assert search is not None and search.best == 0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_metrics_of_several_classes_are_those_of_scikit_learn(seed: int):
    """Of scores that lie between two edges each, bins cost nothing."""
    random = np.random.default_rng(seed)
    truths = random.random((80, 5)) < 0.4
    truths[0], truths[1] = True, False
    scores = EDGES[np.clip(random.integers(100, 400, truths.shape) + 60 * truths, 0, NUM_EDGES - 1)]
    of = card(5, "multi")
    report = CODEC.report(judged(scores, truths, of), of)
    found, answers = report.metrics, scores >= 0.5

    for average in ("macro", "weighted"):
        wanted = sk.precision_recall_fscore_support(truths, answers, average=average, **NO_WARNINGS)[:3]
        names = (f"{name}_{average}" for name in ("precision", "recall", "f1"))
        assert [found[name] for name in names] == pytest.approx(list(wanted))
    assert found["auroc"] == pytest.approx(sk.roc_auc_score(truths, scores, average="macro"))
    assert found["map"] == pytest.approx(sk.average_precision_score(truths, scores, average="macro"))
    assert report.threshold is not None and report.threshold.metric == "f1_macro"
    place = report.threshold.thresholds.index(report.threshold.best)
    wanted = sk.f1_score(truths, scores >= report.threshold.best, average="macro", zero_division=0)
    assert report.threshold.values["f1_macro"][place] == pytest.approx(wanted)
    assert max(report.threshold.values["f1_macro"]) == pytest.approx(wanted)
