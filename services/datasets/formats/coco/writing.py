"""A version as COCO: `images/`, and for each subset `annotations/instances_<subset>.json`."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

import orjson

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
)
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.coco.document import subset_of
from services.datasets.formats.coco.instances import Bounds, bounds_of, hull_of
from services.datasets.formats.coco.reading import LONGEST_FIELD_NAME, OWN_KEYS
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.losses import fields_lost, types_lost
from services.datasets.formats.masks import MaskIsMalformed, area_of, box_of, counts_of
from services.datasets.formats.outgoing import Names, renaming
from services.datasets.formats.plan import Scalar, rejected, repaired
from services.datasets.formats.tables.cells import LONGEST_FIELD

CARRIED = frozenset({"box", "polygon", "mask", "keypoints", "caption"})
Instance = BoxAnnotation | PolygonAnnotation | MaskAnnotation
Entry = dict[str, object]


def write_coco(content: Content, sink: Sink) -> Iterator[ImportProblem]:
    """One pass over the samples; the JSON files follow when all their parts are known."""
    names = Names()
    categories = {label: number for number, label in enumerate(content.classes, 1)}
    with ExitStack() as stack:
        files: dict[str | None, _SubsetFiles] = {}
        for sample in content.samples:
            path = names.of(sample, "images")
            sink.add(path, sample.read())
            if sample.subset not in files:
                three = (stack.enter_context(TemporaryFile()) for _ in range(3))
                files[sample.subset] = _SubsetFiles(*three)
            yield from files[sample.subset].add(sample, path.removeprefix("images/"), categories)
            yield from renaming(sample, path, "images")
            yield from _losses(sample)
        for subset, parts in sorted(files.items(), key=lambda item: item[0] or ""):
            parts.write(subset, categories, sink)


class _SubsetFiles:
    """The parts of a subset's JSON files, on disk until all of them are known."""

    def __init__(self, images: IO[bytes], instances: IO[bytes], captions: IO[bytes]) -> None:
        self._images = images
        self._instances = instances
        self._captions = captions
        self._num_images = self._num_instances = self._num_captions = 0
        self._num_keypoints: dict[str, int] = {}

    def add(self, sample: Stored, file_name: str, categories: dict[str, int]) -> Iterator[ImportProblem]:
        self._num_images += 1
        image = self._num_images
        head = {"id": image, "file_name": file_name, "width": sample.width, "height": sample.height}
        _append(self._images, image, head | _fields(sample))
        for instance, points in paired(sample.annotations, _belongs):
            label = (instance or points).label  # type: ignore[union-attr]
            category = categories.setdefault(label, len(categories) + 1)
            try:
                entry = _entry(instance, points)
            except MaskIsMalformed as error:
                yield rejected(sample.name, error.code, error.detail, level="annotation")
                continue
            if points is not None:
                known = self._num_keypoints.get(label, 0)
                self._num_keypoints[label] = max(known, len(points.points))
            self._num_instances += 1
            ids = {"id": self._num_instances, "image_id": image, "category_id": category}
            _append(self._instances, self._num_instances, ids | entry)
        for each in sample.annotations:
            if isinstance(each, CaptionAnnotation):
                self._num_captions += 1
                caption = {"id": self._num_captions, "image_id": image, "caption": each.text}
                _append(self._captions, self._num_captions, caption)

    def write(self, subset: str | None, categories: dict[str, int], sink: Sink) -> None:
        ending = f"_{subset}.json" if subset else ".json"
        if self._num_instances or not self._num_captions:
            with sink.open(f"annotations/instances{ending}") as file:
                _copy(file, b'{"images":[', self._images)
                _copy(file, b'],"annotations":[', self._instances)
                file.write(b'],"categories":' + orjson.dumps(self._described(categories)) + b"}")
        if self._num_captions:
            with sink.open(f"annotations/captions{ending}") as file:
                _copy(file, b'{"images":[', self._images)
                _copy(file, b'],"annotations":[', self._captions)
                file.write(b"]}")

    def _described(self, categories: dict[str, int]) -> list[Entry]:
        described: list[Entry] = []
        for label, number in categories.items():
            described.append({"id": number, "name": label, "supercategory": ""})
            if count := self._num_keypoints.get(label):
                names = [str(place) for place in range(1, count + 1)]
                described[-1] |= {"keypoints": names, "skeleton": []}
        return described


def paired(
    annotations: Sequence[Annotation], is_of: Callable[[KeypointsAnnotation, Instance], bool]
) -> Iterator[tuple[Instance | None, KeypointsAnnotation | None]]:
    """Keypoints belong to the instance right before them, if they are of it at all."""
    waiting: Instance | None = None
    for each in annotations:
        if isinstance(each, KeypointsAnnotation):
            if not is_carried(each):
                continue
            if waiting is not None and is_of(each, waiting):
                yield waiting, each
                waiting = None
                continue
        if waiting is not None:
            yield waiting, None
            waiting = None
        if isinstance(each, KeypointsAnnotation):
            yield None, each
        elif isinstance(each, Instance) and is_carried(each):
            waiting = each
    if waiting is not None:
        yield waiting, None


def _belongs(points: KeypointsAnnotation, instance: Instance) -> bool:
    if points.label != instance.label:
        return False
    # A box that is just the one around keypoints would not be read as a box.
    is_hull = isinstance(instance, BoxAnnotation) and hull_of(points) == _box_bounds(instance)
    return not is_hull


def is_carried(annotation: Annotation) -> bool:
    """Reading drops keypoints that are all absent, as COCO's own files are full of them."""
    match annotation:
        case KeypointsAnnotation():
            return any(visibility for _, _, visibility in annotation.points)
        case PolygonAnnotation():
            return bool(annotation.parts)
    return True


def _entry(instance: Instance | None, points: KeypointsAnnotation | None) -> Entry:
    """Raises MaskIsMalformed."""
    entry: Entry = {"segmentation": [], "iscrowd": int(instance.is_ignored) if instance else 0}
    match instance:
        case BoxAnnotation():
            entry |= {"bbox": _box_bounds(instance), "area": instance.width * instance.height}
        case PolygonAnnotation():
            rings = [[number for point in part for number in point] for part in instance.parts]
            entry |= {"segmentation": rings, "bbox": bounds_of(instance), "area": _area(instance)}
        case MaskAnnotation():
            counts = counts_of(instance.rle, instance.width, instance.height)
            area = area_of(counts)
            bounds = box_of(counts, instance.height) if area else (0, 0, 0, 0)
            code = {"size": [instance.height, instance.width], "counts": instance.rle}
            entry |= {"segmentation": code, "bbox": bounds, "area": area}
        case None:
            assert points is not None
            *_, width, height = bounds = hull_of(points)
            entry |= {"bbox": bounds, "area": width * height}
    if points is not None:
        entry["keypoints"] = [number for point in points.points for number in point]
        entry["num_keypoints"] = sum(visibility > 0 for _, _, visibility in points.points)
    return entry


def _box_bounds(box: BoxAnnotation) -> Bounds:
    return box.x, box.y, box.width, box.height


def _area(polygon: PolygonAnnotation) -> float:
    """Of all parts together, as COCO does it, by the shoelace formula."""
    return sum(
        abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(part, (*part[1:], part[0]), strict=True))) / 2
        for part in polygon.parts
    )


def _fields(sample: Stored) -> Entry:
    """One without a value is none."""
    return {name: value for name, value in sample.fields.items() if _keeps(name, value) and value is not None}


def _keeps(name: str, value: Scalar) -> bool:
    is_short = len(name) <= LONGEST_FIELD_NAME and not (isinstance(value, str) and len(value) > LONGEST_FIELD)
    return name not in OWN_KEYS and is_short


def _losses(sample: Stored) -> Iterator[ImportProblem]:
    yield from types_lost(sample, CARRIED)
    kept = {name for name, value in sample.fields.items() if _keeps(name, value) or value is None}
    yield from fields_lost(sample, kept)
    absent = [each for each in sample.annotations if each.type in CARRIED and not is_carried(each)]
    if absent:
        message = f"{len(absent)} keypoints or polygons of which nothing is there are left out"
        yield rejected(sample.name, "annotation_lost", message, level="annotation")
    if sample.subset and (read := subset_of(f"annotations/instances_{sample.subset}.json")) != sample.subset:
        message = f"its subset {sample.subset} will be read as {read}"
        yield repaired(sample.name, "subset_renamed", message, level="sample")


def _append(file: IO[bytes], number: int, entry: Entry) -> None:
    file.write(b"," * (number > 1) + b"\n" + orjson.dumps(entry))


def _copy(target: IO[bytes], head: bytes, source: IO[bytes]) -> None:
    target.write(head)
    source.seek(0)
    shutil.copyfileobj(source, target, 2**20)
