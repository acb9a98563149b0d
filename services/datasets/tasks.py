"""Which task annotations suggest to who has not decided yet: one of the catalogue that is made for them."""

from collections.abc import Iterable

from libs.tasks import registry
from services.datasets.formats.plan import Found

# What says most comes first: a polygon says more than the class beside it.
BY_WHAT_THEY_SAY = (
    "mask", "polygon", "rotated_box", "keypoints", "box", "caption", "target", "labels", "label",
)  # fmt: skip

# Where two tasks are made for the same, that of a package somebody added is the second choice.
OURS = "libs.tasks."


def task_of(samples: Iterable[Found]) -> str | None:
    """None also where no task of the catalogue is made for them."""
    kinds = {kind for found in samples for kind in _kinds(found)}
    tasks = sorted(registry.tasks().values(), key=lambda task: not task.runtime.startswith(OURS))
    suited = (
        task.id
        for kind in BY_WHAT_THEY_SAY
        if kind in kinds
        for task in tasks
        if kind in task.annotation_types
    )
    return next(suited, None)


def _kinds(found: Found) -> Iterable[str]:
    yield from (annotation.type for annotation in found.annotations)
    if found.completion is not None:
        yield from found.completion.annotation_types
