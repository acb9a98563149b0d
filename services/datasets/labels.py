"""Which labels a sample carries, whatever kind its annotations are of: what is counted and filtered by."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter

from libs.common.contracts.annotations import Annotation, LabelsAnnotation

_ANNOTATIONS: TypeAdapter[tuple[Annotation, ...]] = TypeAdapter(tuple[Annotation, ...])


def labels_of(annotations: Iterable[Annotation]) -> list[str]:
    """Each once, sorted; what is ignored (a crowd, an area nobody labelled) is no class."""
    found: set[str] = set()
    for annotation in annotations:
        if getattr(annotation, "is_ignored", False):
            continue
        if isinstance(annotation, LabelsAnnotation):
            found.update(annotation.labels)
        elif label := getattr(annotation, "label", None):
            found.add(label)
    return sorted(found)


def annotations_of(stored: Sequence[Any]) -> tuple[Annotation, ...]:
    """From the JSON of a row."""
    return _ANNOTATIONS.validate_python(stored)
