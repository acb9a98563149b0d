"""YOLO's label files: a line for each object, a class and numbers that are parts of the image's sides."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    KeypointsAnnotation,
    Point,
    PolygonAnnotation,
    RotatedBoxAnnotation,
)
from libs.common.contracts.imports import ImportProblem
from services.datasets.files import Files
from services.datasets.formats.corners import turned_box
from services.datasets.formats.plan import Place, rejected, repaired
from services.datasets.formats.tables.cells import CellIsBad

BOX = 4
CORNERS = 8
FEWEST_CORNERS = 6
# Beyond the image there may be a part of an object; a whole image away there is a pixel that was not divided.
FARTHEST = 2.0
# Pixels by which a corner may be off a rectangle before it is worth telling.
MOST_DEVIATION = 1.0


@dataclass(frozen=True)
class Scheme:
    """How lines are to be read: `names` are by index (None: numbers are names), `is_rotated` says whether
    eight numbers are a rotated box or a polygon, `keypoints` is (how many, numbers of each).
    """

    names: Sequence[str | None] | None
    is_rotated: bool = False
    keypoints: tuple[int, int] | None = None

    def label(self, index: int) -> str:
        """Raises CellIsBad."""
        if self.names is None:
            return str(index)
        name = self.names[index] if index < len(self.names) else None
        if name is None:
            raise CellIsBad(
                "class_unknown", f"there is no class {index}; there are 0 to {len(self.names) - 1}"
            )
        return name

    @cached_property
    def digest(self) -> str:
        return sha256(repr((self.names, self.is_rotated, self.keypoints)).encode()).hexdigest()

    def __repr__(self) -> str:
        """Short: it is a part of what every sample is told by."""
        return f"Scheme({self.digest})"


@dataclass(frozen=True, slots=True)
class Object:
    """A line that can be read, still in parts of the image."""

    label: str
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class LabelFile:
    """What a label file says, kept as its text: that is short. Lines that cannot be read were told before."""

    path: str
    text: str
    scheme: Scheme
    num_annotations: int = 0
    # Not a part of what it is told by: a set has no order.
    annotation_types: frozenset[str] = field(default_factory=frozenset, repr=False)

    def annotations(
        self, files: Files, width: int, height: int
    ) -> Iterator[tuple[Annotation, Place] | ImportProblem]:
        for row, read in read_lines(self.text, self.scheme):
            if isinstance(read, Object):
                place = Place(self.path, row)
                for made in _annotations(read, self.scheme, place, width, height):
                    yield made if isinstance(made, ImportProblem) else (made, place)


def label_file(path: str, text: str, scheme: Scheme) -> tuple[LabelFile, list[ImportProblem]]:
    """With the lines that cannot be read."""
    problems: list[ImportProblem] = []
    count, kinds = 0, set[str]()
    for row, read in read_lines(text, scheme):
        if isinstance(read, CellIsBad):
            problems.append(rejected(path, read.code, read.message, row=row, level="annotation"))
            continue
        found = types_of(read, scheme)
        kinds.update(found)
        count += len(found)
    return LabelFile(path, text, scheme, count, frozenset(kinds)), problems


def read_lines(text: str, scheme: Scheme) -> Iterator[tuple[int, Object | CellIsBad]]:
    for row, line in enumerate(text.split("\n"), 1):
        if words := line.split():
            try:
                yield row, _object(words, scheme)
            except CellIsBad as bad:
                yield row, bad


def num_coordinates(text: str) -> Iterator[int]:
    """Of each line, as far as it looks like one."""
    return (len(words) - 1 for line in text.split("\n") if (words := line.split()))


def types_of(read: Object, scheme: Scheme) -> tuple[str, ...]:
    count = len(read.numbers)
    if _has_keypoints(count, scheme):
        return ("box", "keypoints") if any(_visibilities(read.numbers, scheme)) else ("box",)
    if count == BOX:
        return ("box",)
    return ("rotated_box",) if count == CORNERS and scheme.is_rotated else ("polygon",)


def _object(words: Sequence[str], scheme: Scheme) -> Object:
    """Raises CellIsBad."""
    label = scheme.label(_index(words[0]))
    numbers = tuple(map(_number, words[1:]))
    count = len(numbers)
    if _has_keypoints(count, scheme):
        _check_box(numbers[:BOX])
        _check_keypoints(numbers, scheme)
    elif count == BOX:
        _check_box(numbers)
    elif count < FEWEST_CORNERS or count % 2:
        raise CellIsBad("line_invalid", f"{count} numbers behind the class are no box and no polygon")
    else:
        _check_relative(numbers)
    return Object(label, numbers)


def _index(word: str) -> int:
    """Some programs write it as 0.0."""
    number = _number(word)
    if not number.is_integer() or number < 0:
        raise CellIsBad("class_unknown", f"{word[:60]!r} is no number of a class")
    if number > 1e6:
        raise CellIsBad("class_unknown", f"there is no class {word[:60]}")
    return int(number)


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError as error:
        raise CellIsBad("line_invalid", f"{word[:60]!r} is no number") from error
    if not math.isfinite(number):
        raise CellIsBad("line_invalid", f"{word[:60]} is no finite number")
    return number


def _check_box(numbers: Sequence[float]) -> None:
    _check_relative(numbers)
    _, _, width, height = numbers
    if width <= 0 or height <= 0:
        raise CellIsBad("box_empty", f"the box has no area: {width:g}×{height:g}")


def _check_relative(numbers: Sequence[float]) -> None:
    if (far := max(numbers, key=abs)) and abs(far) > FARTHEST:
        message = f"{far:g} is no part of the image's width or height; numbers go from 0 to 1"
        raise CellIsBad("not_relative", message)


def _check_keypoints(numbers: Sequence[float], scheme: Scheme) -> None:
    if not set(_visibilities(numbers, scheme)) <= {0, 1, 2}:
        raise CellIsBad("keypoints_invalid", "the visibility of a keypoint is 0, 1 or 2")
    _check_relative(
        [part for x, y, visibility in _points(numbers, scheme) if visibility for part in (x, y)] or [0]
    )


def _has_keypoints(count: int, scheme: Scheme) -> bool:
    return scheme.keypoints is not None and count == BOX + scheme.keypoints[0] * scheme.keypoints[1]


def _points(numbers: Sequence[float], scheme: Scheme) -> list[tuple[float, float, float]]:
    """Without a visibility, a point at the very corner is one that is not there."""
    assert scheme.keypoints is not None
    size = scheme.keypoints[1]
    groups = [numbers[start : start + size] for start in range(BOX, len(numbers), size)]
    if size == 3:
        return [(x, y, visibility) for x, y, visibility in groups]
    return [(x, y, 2.0 if x or y else 0.0) for x, y in groups]


def _visibilities(numbers: Sequence[float], scheme: Scheme) -> list[float]:
    return [visibility for _, _, visibility in _points(numbers, scheme)]


def _annotations(
    read: Object, scheme: Scheme, place: Place, width: int, height: int
) -> Iterator[Annotation | ImportProblem]:
    """In pixels."""
    numbers, kinds = read.numbers, types_of(read, scheme)
    if "box" in kinds:
        x, y, box_width, box_height = numbers[:BOX]
        yield BoxAnnotation(
            label=read.label,
            x=(x - box_width / 2) * width,
            y=(y - box_height / 2) * height,
            width=box_width * width,
            height=box_height * height,
        )
    if "keypoints" in kinds:
        points = tuple((x * width, y * height, int(v)) for x, y, v in _points(numbers, scheme))
        yield KeypointsAnnotation.model_validate({"label": read.label, "points": points})
    if "polygon" in kinds or "rotated_box" in kinds:
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        corners = tuple((x * width, y * height) for x, y in pairs)
        if "polygon" in kinds:
            yield PolygonAnnotation(label=read.label, parts=(corners,))
        else:
            yield from _rotated_box(read.label, corners, place)


def _rotated_box(label: str, corners: Sequence[Point], place: Place) -> Iterator[Annotation | ImportProblem]:
    try:
        box = turned_box(corners)
    except CellIsBad as bad:
        yield rejected(place.path, bad.code, bad.message, row=place.row, level="annotation")
        return
    if box.deviation > MOST_DEVIATION:
        message = (
            f"its corners are {box.deviation:.4g} pixels off a rectangle; the smallest around them was taken"
        )
        yield repaired(place.path, "box_not_rectangular", message, row=place.row)
    yield RotatedBoxAnnotation(
        label=label, cx=box.cx, cy=box.cy, width=box.width, height=box.height, angle=box.angle
    )
