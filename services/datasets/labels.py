"""Which labels a sample carries, whatever kind its annotations are of: what is counted and filtered by."""

from collections.abc import Iterable

from libs.common.contracts.annotations import Annotation, LabelsAnnotation


def labels_of(annotations: Iterable[Annotation]) -> list[str]:
    """Each once, sorted."""
    found: set[str] = set()
    for annotation in annotations:
        if isinstance(annotation, LabelsAnnotation):
            found.update(annotation.labels)
        elif label := getattr(annotation, "label", None):
            found.add(label)
    return sorted(found)
