"""Answers in words, reports as charts, the better one of two: what the console makes of evaluations."""

from uuid import UUID

import pytest
from comp.shown import Tones
from ui.answers import NO_CLASS, pair_tile, percent, result_tile, said, true_of
from ui.metric_names import ordered
from ui.model_sides import better
from ui.report import chosen_cell, confusion_option, points_option, threshold_option

from libs.common.contracts.annotations import LabelAnnotation, LabelsAnnotation, TargetAnnotation
from libs.common.contracts.catalogue import MetricSpec
from libs.common.contracts.predictions import (
    AnomalyPrediction,
    ClassPrediction,
    LabelsPrediction,
    ScoredLabel,
    ValuePrediction,
)
from libs.common.contracts.reports import ConfusionMatrix, Curve, ThresholdSearch
from libs.common.contracts.results import Answered, ResultPair, SampleResult

MATRIX = ConfusionMatrix(classes=("cat", "dog"), counts=((5, 2), (0, 7)))
TONES = Tones(MATRIX.classes)
CAT, DOG = LabelAnnotation(label="cat"), LabelAnnotation(label="dog")


def answered(label: str, *, correct: bool, confidence: float = 0.75) -> Answered:
    scores = (ScoredLabel(label=label, score=confidence),)
    prediction = ClassPrediction(label=label, score=confidence, scores=scores)
    return Answered(correct=correct, score=confidence, confidence=confidence, prediction=prediction)


def result(label: str, *, correct: bool) -> SampleResult:
    made = dict(answered(label, correct=correct))
    return SampleResult(**made, sample_id=UUID(int=1), name="1.png", subset="test", truth=(CAT,))


def test_a_right_answer_stands_alone_and_beside_a_wrong_one_the_truth():
    right = result_tile(result("cat", correct=True), TONES, "image")
    wrong = result_tile(result("dog", correct=False), TONES, "image")
    assert (right.verdict, [row.text for row in right.rows]) == ("right", ["cat", ""])
    assert (wrong.verdict, [(row.mark, row.text, row.note) for row in wrong.rows]) == (
        "wrong",
        [("", "dog", "75.0 %"), ("true", "cat", "")],
    )
    assert wrong.rows[0].tone == TONES.of("dog")


def test_what_two_say_of_a_sample_is_told_apart():
    pair = ResultPair(
        sample_id=UUID(int=1),
        name="1.png",
        subset="test",
        truth=(CAT,),
        left=answered("cat", correct=True),
        right=answered("dog", correct=False),
    )
    rows = pair_tile(pair, TONES, "image").rows
    assert [(row.mark, row.text, row.verdict) for row in rows] == [
        ("true", "cat", None),
        ("A", "cat", "right"),
        ("B", "dog", "wrong"),
    ]


@pytest.mark.parametrize(
    ("prediction", "words"),
    [
        (LabelsPrediction(labels=("a", "b"), scores=()), "a, b"),
        (LabelsPrediction(labels=(), scores=()), NO_CLASS),
        (ValuePrediction(value=1234.5), "1,234.5"),
        (AnomalyPrediction(score=0.9, threshold=0.5, is_anomalous=True), "anomalous"),
    ],
)
def test_an_answer_is_told_in_a_few_words(prediction, words: str):
    assert said(prediction) == words


def test_the_truth_of_no_class_is_told_too():
    assert true_of((LabelsAnnotation(labels=()),)) == NO_CLASS
    assert true_of((CAT, DOG, CAT)) == "cat, dog"
    assert true_of((TargetAnnotation(value=0.5),)) == "0.5"
    assert (percent(0.9994), percent(None)) == ("99.9 %", "")


def chosen(place: int) -> list[dict[str, object]]:
    return [{"series_index": 0, "data_indices": [place]}]


def test_a_cell_is_its_true_and_its_predicted_class():
    cells = confusion_option(MATRIX, can_choose=True)["series"][0]["data"]
    assert chosen_cell(MATRIX, chosen(cells.index([1, 0, 2]))) == ("cat", "dog")
    assert chosen_cell(MATRIX, chosen(cells.index([0, 1, 0]))) is None, "there is nothing in it"
    assert chosen_cell(MATRIX, []) is None
    assert chosen_cell(MATRIX, chosen(99)) is None, "it was chosen in a larger one"


def test_the_best_threshold_is_marked_on_the_metric_that_was_searched():
    found = ThresholdSearch(
        metric="f1_macro",
        thresholds=(0.1, 0.5, 0.9),
        values={"f1_macro": (0.5, 0.8, 0.6), "precision_macro": (0.4, 0.9, 0.95)},
        best=0.5,
    )
    marks = {
        series["name"]: series.get("markLine", {}).get("data") for series in threshold_option(found)["series"]
    }
    assert marks == {"f1_macro": [{"xAxis": 0.5}], "precision_macro": None}


def test_shares_are_drawn_from_nothing_to_all():
    shares = Curve(title="ROC", x_title="false positives", y_title="true positives", x=(0.2, 1), y=(0.3, 1))
    assert points_option(shares)["xAxis"]["max"] == points_option(shares)["yAxis"]["max"] == 1
    others = shares.model_copy(update={"x": (0.2, 40.0)})
    assert "max" not in points_option(others)["xAxis"]


def test_what_a_curve_is_to_be_compared_with_is_drawn_beside_it():
    curve = Curve(title="ROC", x_title="x", y_title="y", x=(0.2, 1), y=(0.3, 1))
    assert [each["name"] for each in points_option(curve)["series"]] == ["y"]
    _, diagonal = points_option(curve.model_copy(update={"diagonal": "by chance"}))["series"]
    assert (diagonal["name"], diagonal["data"]) == ("by chance", [[0, 0], [1, 1]])


@pytest.mark.parametrize(
    ("left", "right", "direction", "which"),
    [
        (0.9, 0.8, "max", "left"),
        (0.9, 0.8, "min", "right"),
        (0.8, 0.8, "max", None),
        (None, 0.8, "max", None),
        (0.9, 0.8, None, None),
    ],
)
def test_the_better_one_of_two_is_known_by_what_is_good(left, right, direction, which):
    assert better(left, right, direction) == which


def test_metrics_stand_in_the_order_of_their_task_and_others_behind():
    specs = {key: MetricSpec(key=key, title=key, direction="max") for key in ("accuracy", "f1", "loss")}
    assert ordered({"odd": 1.0, "loss": 0.1, "accuracy": 0.9}, specs) == ["accuracy", "loss", "odd"]
