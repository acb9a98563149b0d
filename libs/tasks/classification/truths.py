"""What annotations say of an image's classes."""

from collections.abc import Sequence
from functools import lru_cache

from libs.common.contracts.annotations import Annotation, LabelAnnotation, LabelsAnnotation
from libs.common.contracts.packages import ModelCard
from libs.common.errors import BadInput

# The key of a card's calibration: from which score on a class is answered.
THRESHOLD = "threshold"


class SampleHasNoLabel(BadInput):
    code, title = "sample_has_no_label", "A sample is not labelled with a class"


class SampleHasSeveralLabels(BadInput):
    code, title = "sample_has_several_labels", "A sample has more than the one class it can have"


class ClassIsUnknown(BadInput):
    code, title = "class_unknown", "A sample is of a class that the model does not know"


def is_multi_label(card: ModelCard) -> bool:
    return card.config.get("mode") == "multi"


def label_of(annotations: Sequence[Annotation]) -> str:
    """The one class of an image."""
    for annotation in annotations:
        match annotation:
            case LabelAnnotation():
                return annotation.label
            case LabelsAnnotation(labels=(label,)):
                return label
            case LabelsAnnotation():
                raise SampleHasSeveralLabels(f"it has {len(annotation.labels)} classes; the mode is single")
    raise SampleHasNoLabel("the sample has no label")


def labels_of(annotations: Sequence[Annotation]) -> set[str]:
    """All classes of an image; none is an answer, no annotation of classes is not."""
    found: set[str] | None = None
    for annotation in annotations:
        match annotation:
            case LabelAnnotation():
                found = (found or set()) | {annotation.label}
            case LabelsAnnotation():
                found = (found or set()) | set(annotation.labels)
    if found is None:
        raise SampleHasNoLabel("the sample has no label")
    return found


def places_of(card: ModelCard) -> "Places":
    """Ask once for many samples: of 10,000 classes the card's answer takes a while."""
    return _places(card.classes)


class Places:
    """Of the classes among those of a model."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._places = {label: place for place, label in enumerate(classes)}

    def __getitem__(self, label: str) -> int:
        place = self._places.get(label)
        if place is None:
            raise ClassIsUnknown(f"its class {label!r} is not one of the model's")
        return place


_places = lru_cache(maxsize=8)(Places)
