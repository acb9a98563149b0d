"""Which task annotations suggest to who has not decided yet."""

from collections.abc import Iterable

from services.datasets.formats.plan import Found

# The first whose annotation is there: a polygon says more than the class beside it.
TASK_OF_ANNOTATION = {
    "mask": "semantic_segmentation",
    "polygon": "instance_segmentation",
    "rotated_box": "oriented_detection",
    "keypoints": "keypoint_detection",
    "box": "detection",
    "caption": "retrieval",
    "target": "regression",
    "labels": "classification",
    "label": "classification",
}


def task_of(samples: Iterable[Found]) -> str | None:
    kinds = {kind for found in samples for kind in _kinds(found)}
    return next((task for kind, task in TASK_OF_ANNOTATION.items() if kind in kinds), None)


def _kinds(found: Found) -> Iterable[str]:
    yield from (annotation.type for annotation in found.annotations)
    if found.completion is not None:
        yield from found.completion.annotation_types
