"""Files that say which class a value or colour of a mask is: `label_map.json`, `classes.txt` and the like."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from libs.common.errors import BadInput
from services.datasets.files import Entry, Files
from services.datasets.formats.json_values import JsonIsBad, parse_json
from services.datasets.formats.lines import encoding_of, text_lines
from services.datasets.formats.mask_images.classes import BACKGROUND_WORDS
from services.datasets.formats.names import LONGEST_LABEL

LARGEST_VALUE = 65_535
MAX_BYTES = 4 * 2**20
NUMBERED = re.compile(r"(?P<value>\d{1,5})[\s:,;=]+(?P<name>\S.*)", re.ASCII)
# CVAT's: `cat:128,0,0::`.
COLOURED = re.compile(r"(?P<name>[^:]+):(\d{1,3}),(\d{1,3}),(\d{1,3})(:.*)?", re.ASCII)


class ClassesAreUnreadable(BadInput):
    code, title = "classes_unreadable", "This file does not say which class a value is"


@dataclass
class Said:
    """`is_counted`: names stood in a list without values, and the first was none of the background."""

    values: dict[int, str] = field(default_factory=dict)
    colours: dict[int, str] = field(default_factory=dict)
    is_counted: bool = False


def read_classes(files: Files, entry: Entry, encoding: str | None) -> Said:
    """Raises a ModelyardError that says why it cannot be read."""
    if entry.size_bytes > MAX_BYTES:
        raise ClassesAreUnreadable(f"{entry.size_bytes} bytes; {MAX_BYTES} are the limit")
    text = "".join(text_lines(files, entry, encoding_of(encoding)))
    said = READERS[PurePosixPath(entry.path).name.lower()](text)
    if not said.values and not said.colours:
        raise ClassesAreUnreadable("it names no class")
    return said


def says_classes(path: str) -> bool:
    return PurePosixPath(path).name.lower() in READERS


def _of_json(text: str) -> Said:
    try:
        value = parse_json(text)
    except JsonIsBad as error:
        raise ClassesAreUnreadable(str(error)) from error
    said = Said()
    match value:
        case {"labels": list() | dict() as inner} | {"categories": list() | dict() as inner}:
            value = inner
        case _:
            pass
    match value:
        case list() if value and all(isinstance(each, str) for each in value):
            return _counted([str(each) for each in value])
        case list():
            for each in value:
                _take_object(said, each)
        case dict():
            for key, each in value.items():
                _take_pair(said, key, each)
        case _:
            raise ClassesAreUnreadable("neither a list nor an object")
    return said


def _take_object(said: Said, each: object) -> None:
    match each:
        case {"name": str(name), "id": int(value)} | {"name": str(name), "value": int(value)}:
            _name_value(said, value, name)
        case {"name": str(name), "color": [int(red), int(green), int(blue)]}:
            _name_colour(said, red, green, blue, name)
        case _:
            raise ClassesAreUnreadable("an object of the list has no `id` or `color`, or no `name`")


def _take_pair(said: Said, key: str, each: object) -> None:
    """`{"1": "cat"}`, `{"cat": 1}`, `{"cat": [255, 0, 0]}`."""
    match each:
        case str(name) if key.strip().isdecimal():
            _name_value(said, int(key.strip()[:9]), name)
        case bool():
            raise ClassesAreUnreadable(f"{key[:60]!r} is neither a value nor a colour")
        case int(value):
            _name_value(said, value, key)
        case [int(red), int(green), int(blue)]:
            _name_colour(said, red, green, blue, key)
        case _:
            raise ClassesAreUnreadable(f"{key[:60]!r} is neither a value nor a colour")


def _of_lines(text: str) -> Said:
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    if coloured := _matches(COLOURED, lines):
        said = Said()
        for found in coloured:
            _name_colour(said, int(found[2]), int(found[3]), int(found[4]), found["name"])
        return said
    if numbered := _matches(NUMBERED, lines):
        said = Said()
        for found in numbered:
            _name_value(said, int(found["value"]), found["name"])
        return said
    return _counted(lines)


def _of_csv(text: str) -> Said:
    said = Said()
    try:
        for row in csv.DictReader(text.splitlines(), skipinitialspace=True):
            columns = {str(name).strip().lower(): str(cell).strip() for name, cell in row.items()}
            red, green, blue = (int(columns[name]) for name in ("r", "g", "b"))
            _name_colour(said, red, green, blue, columns["name"])
    except (csv.Error, ValueError, KeyError) as error:
        raise ClassesAreUnreadable("its columns are not name, r, g, b with numbers to 255") from error
    return said


def _matches(pattern: re.Pattern[str], lines: Sequence[str]) -> list[re.Match[str]]:
    """Of all lines, or of none."""
    found = [match for line in lines if (match := pattern.fullmatch(line))]
    return found if len(found) == len(lines) else []


def _counted(names: Iterable[str]) -> Said:
    """From 0 if the first is the background, else from 1: 0 is the background."""
    known = list(names)
    has_background = bool(known) and known[0].lower() in BACKGROUND_WORDS
    said = Said(is_counted=not has_background)
    for value, name in enumerate(known, 0 if has_background else 1):
        _name_value(said, value, name)
    return said


def _name_value(said: Said, value: int, name: str) -> None:
    if not 0 <= value <= LARGEST_VALUE:
        message = f"the value {value} of {name[:60]!r} is not between 0 and {LARGEST_VALUE}"
        raise ClassesAreUnreadable(message)
    said.values[value] = _checked(name)


def _name_colour(said: Said, red: int, green: int, blue: int, name: str) -> None:
    if not all(0 <= channel <= 255 for channel in (red, green, blue)):
        raise ClassesAreUnreadable(f"the colour of {name[:60]!r} is not between 0 and 255")
    said.colours[red << 16 | green << 8 | blue] = _checked(name)


def _checked(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_LABEL or "\0" in name:
        raise ClassesAreUnreadable(f"{name[:60]!r} is no name of a class")
    return name


READERS: dict[str, Callable[[str], Said]] = {
    "label_map.json": _of_json,
    "labelmap.json": _of_json,
    "classes.json": _of_json,
    "labelmap.txt": _of_lines,
    "classes.txt": _of_lines,
    "class_names.txt": _of_lines,
    "labels.txt": _of_lines,
    "class_dict.csv": _of_csv,
}
