"""The classes that a sample's result is filtered by."""

from libs.common.contracts.annotations import (
    BoxAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
)
from services.evaluator.columns import labels_of


def test_every_class_of_the_truth_counts_once() -> None:
    box = BoxAnnotation(label="dog", x=0, y=0, width=1, height=1)

    assert labels_of([box, box, LabelAnnotation(label="cat")]) == ["cat", "dog"]
    assert labels_of([LabelsAnnotation(labels=("b", "a"))]) == ["a", "b"]
    assert labels_of([TargetAnnotation(value=3.5)]) == []
