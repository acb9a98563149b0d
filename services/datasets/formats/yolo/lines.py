"""Our annotations as lines of YOLO's label files, each as what the whole dataset is of."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shapely.geometry import MultiPolygon

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    KeypointsAnnotation,
    MaskAnnotation,
    Point,
    PolygonAnnotation,
    RotatedBoxAnnotation,
)
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.coco.instances import hull_of
from services.datasets.formats.coco.writing import Instance, paired
from services.datasets.formats.corners import corners_of
from services.datasets.formats.format import Stored
from services.datasets.formats.masks import MaskIsMalformed, outline
from services.datasets.formats.plan import rejected, repaired
from services.datasets.formats.yolo.data_yaml import Task
from services.datasets.formats.yolo.labels import FARTHEST

OUTLINED = frozenset({"box", "rotated_box", "polygon", "mask"})
# A millionth of a pixel of any image.
DIGITS = 12
SMALLEST_SIDE = 1.0
SAID = {
    "box_as_polygon": "boxes are written as outlines, as all objects of the dataset are",
    "box_as_rotated_box": "boxes are written as rotated boxes, as all objects of the dataset are",
    "rotated_box_as_polygon": "rotated boxes are written as outlines, as all objects of the dataset are",
    "mask_as_polygon": "masks are written as outlines along their pixels",
    "holes_lost": "masks have holes, which are filled",
    "parts_joined": "objects of several parts are written as one line that joins them",
    "box_added": "keypoints without a box get the one around them",
    "keypoints_padded": "keypoints are filled up to the number that others have",
}


class NoLine(Exception):
    """There is no line for the annotation; says why."""


@dataclass(frozen=True)
class Kind:
    """What the lines are of; `num_points` is how many keypoints each has."""

    task: Task
    num_points: int = 0


@dataclass
class Lines:
    """Of one sample. `told` counts, by what was changed."""

    sample: Stored
    kind: Kind
    classes: dict[str, int]
    texts: list[str] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    def write(self) -> Iterator[ImportProblem]:
        """Fills `texts`; yields what is lost."""
        lost: list[str] = []
        for instance, points in self._objects():
            try:
                numbers = self._numbers(instance, points)
            except (NoLine, MaskIsMalformed) as reason:
                lost.append(str(reason))
                continue
            label = (instance or points).label  # type: ignore[union-attr]
            index = self.classes.setdefault(label, len(self.classes))
            self.texts.append(" ".join([str(index), *(f"{number:.{DIGITS}g}" for number in numbers)]))
        for message, count in Counter(lost).items():
            yield rejected(
                self.sample.name, "annotation_lost", f"{message}; {count} are left out", level="annotation"
            )
        for code, count in self.told.items():
            yield repaired(self.sample.name, code, f"{SAID[code]} ({count})")

    def _objects(
        self,
    ) -> Iterator[tuple[Instance | RotatedBoxAnnotation | None, KeypointsAnnotation | None]]:
        if self.kind.task == "pose":
            yield from paired(self.sample.annotations, _has_same_label)
            return
        for each in self.sample.annotations:
            if isinstance(each, Instance | RotatedBoxAnnotation):
                yield each, None

    def _numbers(
        self, instance: Instance | RotatedBoxAnnotation | None, points: KeypointsAnnotation | None
    ) -> list[float]:
        """Parts of width and height. Raises NoLine, or MaskIsMalformed."""
        if instance is not None and instance.is_ignored:
            raise NoLine("YOLO cannot say that an object is to be ignored")
        match self.kind.task:
            case "segment":
                numbers = self._relative(self._outline(instance))
            case "obb":
                numbers = self._relative(self._corners(instance))
            case "detect":
                numbers = self._box(instance, points)
            case "pose":
                numbers = self._box(instance, points) + self._keypoints(points)
        if any(abs(number) > FARTHEST for number in numbers):
            raise NoLine("it reaches further beyond the image than YOLO's readers believe")
        return numbers

    def _outline(self, instance: Annotation | None) -> Sequence[Point]:
        match instance:
            case PolygonAnnotation():
                return self._joined(instance.parts)
            case MaskAnnotation():
                self.told["mask_as_polygon"] += 1
                return self._joined(self._parts(outline(instance)))
            case RotatedBoxAnnotation():
                self.told["rotated_box_as_polygon"] += 1
                return corners_of(instance)
            case BoxAnnotation():
                self.told["box_as_polygon"] += 1
                return _corners_of_box(instance)
        raise NoLine("it has no outline")

    def _parts(self, shape: MultiPolygon) -> list[Sequence[Point]]:
        if any(piece.interiors for piece in shape.geoms):
            self.told["holes_lost"] += 1
        return [[(x, y) for x, y in piece.exterior.coords[:-1]] for piece in shape.geoms]

    def _joined(self, parts: Sequence[Sequence[Point]]) -> list[Point]:
        """There and back again along the same lines, so that they enclose nothing."""
        if not parts:
            raise NoLine("nothing is in it")
        if len(parts) == 1:
            return list(parts[0])
        self.told["parts_joined"] += 1
        there = [point for part in parts for point in (*part, part[0])]
        back = [part[0] for part in reversed(parts[1:-1])]
        return there + back

    def _corners(self, instance: Annotation | None) -> Sequence[Point]:
        match instance:
            case RotatedBoxAnnotation():
                return corners_of(instance)
            case BoxAnnotation():
                self.told["box_as_rotated_box"] += 1
                return _corners_of_box(instance)
        raise NoLine("it is no box")

    def _box(self, instance: Annotation | None, points: KeypointsAnnotation | None) -> list[float]:
        if isinstance(instance, BoxAnnotation):
            x, y, width, height = instance.x, instance.y, instance.width, instance.height
        elif points is not None:
            self.told["box_added"] += 1
            x, y, width, height = hull_of(points)
            width, height = max(width, SMALLEST_SIDE), max(height, SMALLEST_SIDE)
        else:
            raise NoLine("it is no box")
        sample = self.sample
        return [
            (x + width / 2) / sample.width,
            (y + height / 2) / sample.height,
            width / sample.width,
            height / sample.height,
        ]

    def _keypoints(self, points: KeypointsAnnotation | None) -> list[float]:
        """Zeros for an object that has none: a line of a pose has them all."""
        known = points.points if points else ()
        if points and len(known) < self.kind.num_points:
            self.told["keypoints_padded"] += 1
        padding = [0.0] * 3 * (self.kind.num_points - len(known))
        width, height = self.sample.width, self.sample.height
        return [number for x, y, v in known for number in (x / width, y / height, v)] + padding

    def _relative(self, points: Sequence[Point]) -> list[float]:
        width, height = self.sample.width, self.sample.height
        return [number for x, y in points for number in (x / width, y / height)]


def _has_same_label(points: KeypointsAnnotation, instance: Instance) -> bool:
    return points.label == instance.label


def _corners_of_box(box: BoxAnnotation) -> list[Point]:
    right, bottom = box.x + box.width, box.y + box.height
    return [(box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom)]
