"""One label file of DOTA: two lines about the image, then objects: eight numbers, a class, 1 if difficult."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from libs.common.contracts.annotations import RotatedBoxAnnotation
from services.datasets.formats.corners import turned_box
from services.datasets.formats.names import LONGEST_LABEL
from services.datasets.formats.plan import Scalar
from services.datasets.formats.tables.cells import CellIsBad

HEADERS = ("imagesource", "gsd")
HEADER = re.compile(r"\s*(imagesource|gsd)\s*:(.*)", re.IGNORECASE | re.DOTALL)
NOTHING_SAID = frozenset({"", "null", "none", "nan"})
NUM_COORDINATES = 8
NUMBER = re.compile(r"[+-]?(\d{1,30}\.?\d{0,40}|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
# Corners are clicked by hand, on whole pixels: so much is no error.
MOST_DEVIATION = 1.0


@dataclass(frozen=True)
class DotaObject:
    """`row` is its line; `deviation` in pixels if it was no rectangle."""

    row: int
    found: RotatedBoxAnnotation | CellIsBad
    deviation: float = 0.0


@dataclass
class DotaFile:
    """`fields` are what the header says: from whom the image is, and how many metres a pixel is wide."""

    fields: dict[str, Scalar] = field(default_factory=dict)
    objects: list[DotaObject] = field(default_factory=list)


def parse_dota(lines: Iterable[str]) -> DotaFile:
    file = DotaFile()
    for row, line in enumerate(lines, 1):
        if header := HEADER.fullmatch(line):
            name = header[1].lower()
            value = header_value(name, header[2])
            file.fields |= {name: value} if value is not None else {}
        elif line.strip():
            file.objects.append(_object(row, line))
    return file


def is_dota(line: str) -> bool:
    """Not YOLO's, which has eight numbers behind a class, all of them between 0 and 1."""
    words = line.split()
    if HEADER.fullmatch(line):
        return True
    is_long_enough = len(words) > NUM_COORDINATES and all(map(NUMBER.fullmatch, words[:NUM_COORDINATES]))
    return is_long_enough and not NUMBER.fullmatch(words[NUM_COORDINATES])


def header_value(name: str, text: str) -> Scalar:
    value = text.strip()
    if value.lower() in NOTHING_SAID:
        return None
    if name == "gsd" and NUMBER.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    return value[:1000].replace("\0", "")


def as_text(value: Scalar) -> str:
    return " ".join(str(value).split())


def as_label(label: str) -> str:
    """As it is read again: its words are a line's columns."""
    return " ".join(label.split()) or "_"


def _object(row: int, line: str) -> DotaObject:
    try:
        words = line.split()
        if len(words) <= NUM_COORDINATES:
            message = f"it has {len(words)} columns; there are eight numbers, a class and a difficulty"
            raise CellIsBad("line_malformed", message)
        numbers = [_number(word) for word in words[:NUM_COORDINATES]]
        box = turned_box(list(zip(numbers[::2], numbers[1::2], strict=True)))
        label, is_ignored = _label(words[NUM_COORDINATES:])
        found = RotatedBoxAnnotation(
            label=label,
            cx=box.cx,
            cy=box.cy,
            width=box.width,
            height=box.height,
            angle=box.angle,
            is_ignored=is_ignored,
        )
        return DotaObject(row, found, box.deviation)
    except CellIsBad as reason:
        return DotaObject(row, reason)


def _number(word: str) -> float:
    if not NUMBER.fullmatch(word):
        raise CellIsBad("box_invalid", f"{word[:60]!r} is no number")
    return float(word)


def _label(words: list[str]) -> tuple[str, bool]:
    """A class may have several words, or, without a difficulty behind it, be a number."""
    has_difficulty = len(words) > 1 and words[-1].isdecimal()
    label = " ".join(words[:-1] if has_difficulty else words)
    if len(label) > LONGEST_LABEL or "\0" in label:
        raise CellIsBad("label_invalid", f"a label has at most {LONGEST_LABEL} characters, and no NUL")
    return label, has_difficulty and words[-1].strip("0") != ""
