"""A version as YOLO: `data.yaml`, `images/<subset>/` and `labels/<subset>/`, all lines of one kind.

Ultralytics trains one task on a dataset: outlines, rotated boxes, keypoints or boxes. What is of another kind
is written as the kind that the dataset is of where that is possible, and told.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import yaml

from libs.common.contracts.annotations import KeypointsAnnotation
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.coco.writing import is_carried
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.lookup import IMAGE_SUFFIXES
from services.datasets.formats.losses import fields_lost, subset_lost, subset_renamed, types_lost
from services.datasets.formats.outgoing import Names, renaming
from services.datasets.formats.plan import rejected
from services.datasets.formats.yolo.data_yaml import RESERVED
from services.datasets.formats.yolo.layout import label_path
from services.datasets.formats.yolo.lines import OUTLINED, Kind, Lines

CARRIED = OUTLINED | {"keypoints"}
# No subset can have this name.
NO_SUBSET = "_unassigned"


def write_yolo(content: Content, sink: Sink) -> Iterator[ImportProblem]:
    kind = _kind(content.samples)
    classes = {label: number for number, label in enumerate(content.classes)}
    names = Names(IMAGE_SUFFIXES, is_stem_unique=True)
    folders: dict[str, None] = {}
    for sample in content.samples:
        folder = sample.subset if sample.subset and sample.subset not in RESERVED else NO_SUBSET
        folders[folder] = None
        # Unique over all subsets: a reader leaves their folders out.
        name = names.of(sample)
        path = f"images/{folder}/{name}"
        lines = Lines(sample, kind, classes)
        yield from lines.write()
        yield from _losses(sample, kind, name)
        sink.add(path, sample.read())
        sink.add(label_path(path), "".join(f"{line}\n" for line in lines.texts).encode())
    sink.add("data.yaml", _yaml(kind, folders, list(classes)))


def _kind(samples: Iterable[Stored]) -> Kind:
    """An outline says more than a rotated box, that more than keypoints with a box, these more than a box."""
    types: set[str] = set()
    num_points = 0
    for sample in samples:
        for each in sample.annotations:
            types.add(each.type)
            if isinstance(each, KeypointsAnnotation):
                num_points = max(num_points, len(each.points))
    if types & {"polygon", "mask"}:
        return Kind("segment")
    if "rotated_box" in types:
        return Kind("obb")
    return Kind("pose", num_points) if num_points else Kind("detect")


def _losses(sample: Stored, kind: Kind, name: str) -> Iterator[ImportProblem]:
    yield from types_lost(sample, CARRIED if kind.task == "pose" else OUTLINED)
    absent = [each for each in sample.annotations if each.type == "keypoints" and not is_carried(each)]
    if absent and kind.task == "pose":
        message = f"{len(absent)} annotations of which no keypoint is there are left out"
        yield rejected(sample.name, "annotation_lost", message, level="annotation")
    yield from fields_lost(sample)
    yield from subset_lost(sample) if sample.subset in RESERVED else subset_renamed(sample)
    yield from renaming(sample, name)


def _yaml(kind: Kind, folders: Iterable[str], classes: Sequence[str]) -> bytes:
    described: dict[str, object] = {folder: f"images/{folder}" for folder in folders}
    if kind.task == "pose":
        described["kpt_shape"] = [kind.num_points, 3]
    described |= {"task": kind.task, "nc": len(classes), "names": list(classes)}
    return yaml.safe_dump(described, allow_unicode=True, sort_keys=False, width=math.inf).encode()
