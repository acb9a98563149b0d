"""COCO's JSON: is this one of it, what it lists, which subset it is of."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import orjson

from libs.common.contracts.imports import ImportProblem
from libs.common.errors import BadInput, ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.json_lists import ListsAreHidden, LongList, find_lists
from services.datasets.formats.names import LONGEST_LABEL
from services.datasets.formats.plan import warning
from services.datasets.formats.subsets import STORED, subset_of_word
from services.datasets.formats.tables.cells import CellIsBad, checked, label_of

# Where something is wrong with it, all of it is in memory at once. Those of COCO itself have 450 MB.
LARGEST_BYTES = 2**30
HEAD_BYTES = 64 * 2**10
LISTS = re.compile(rb'"(images|annotations)"\s*:\s*\[')
# What lists of COCO hold, and others of these names do not.
MEMBERS = re.compile(rb'"(file_name|image_id|category_id)"\s*:|"images"\s*:\s*\[\s*\]')
STEM = re.compile(r"(instances|captions|person_keypoints|keypoints)[-_](?P<subset>.+)", re.IGNORECASE)
# What CVAT writes where there is no subset.
NO_SUBSET = "default"
LONGEST_DIGITS = 400

Id = int | str


class CocoIsUnreadable(BadInput):
    code, title = "json_unreadable", "This JSON cannot be read"


@dataclass(frozen=True)
class CocoFile:
    """Lists as they are: what is in them is for the reader to judge. `labels` are by the id of a category."""

    path: str
    subset: str | None
    images: Iterable[object]
    annotations: Iterable[object]
    labels: Mapping[Id, str]
    problems: Sequence[ImportProblem]


def is_coco(files: Files, entry: Entry) -> bool:
    """By its beginning; never raises."""
    if not entry.path.lower().endswith(".json"):
        return False
    try:
        with files.open(entry) as stream:
            head = stream.read(HEAD_BYTES)
    except ModelyardError:
        return False
    return bool(LISTS.search(head) and MEMBERS.search(head))


def read_coco(files: Files, entry: Entry) -> CocoFile:
    """Raises CocoIsUnreadable, or what the container raises."""
    if entry.size_bytes > LARGEST_BYTES:
        raise CocoIsUnreadable(f"more than {LARGEST_BYTES} bytes of JSON; split it by subsets")
    value, long = _parted(files, entry)
    if not isinstance(value, dict):
        raise CocoIsUnreadable("an object of lists should stand in it")
    problems: list[ImportProblem] = []
    lists = {
        name: _list(value, name, entry.path, problems) or long.get(name, [])
        for name in ("images", "annotations", "categories")
    }
    labels = dict(_labels(lists["categories"], entry.path, problems))
    return CocoFile(
        entry.path, subset_of(entry.path), lists["images"], lists["annotations"], labels, problems
    )


def subset_of(path: str) -> str | None:
    """`instances_train2017.json`, or `valid/_annotations.coco.json`."""
    pure = PurePosixPath(path)
    named = STEM.fullmatch(pure.stem)
    words = [named["subset"] if named else pure.stem, *re.split(r"[-_.]", pure.stem)]
    if found := next((found for word in words if (found := _subset(word))), None):
        return found
    if named and named["subset"] != NO_SUBSET and STORED.fullmatch(named["subset"]):
        return named["subset"]
    return next((found for folder in reversed(pure.parts[:-1]) if (found := _subset(folder))), None)


def id_of(value: object) -> Id | None:
    """A whole number or a text; None for everything else."""
    match value:
        case bool():
            return None
        case int() | str():
            return value
        case float() if value.is_integer():
            return int(value)
    return None


def _subset(word: str) -> str | None:
    """With the year behind it or without."""
    return subset_of_word(word.rstrip("0123456789"))


def _parted(files: Files, entry: Entry) -> tuple[object, Mapping[str, LongList]]:
    """Images and annotations by themselves, batch by batch, unless something is wrong somewhere."""
    try:
        return find_lists(partial(files.open, entry), _parsed, ("images", "annotations"))
    except (ListsAreHidden, CocoIsUnreadable):
        return _parsed(_content(files, entry)), {}


def _content(files: Files, entry: Entry) -> bytes:
    with files.open(entry) as stream:
        return stream.read(LARGEST_BYTES)


def _parsed(data: bytes) -> object:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        # Slower, and knows what Python writes: NaN, infinity, half characters, other encodings.
        return json.loads(data, parse_int=_integer)
    except RecursionError as error:
        raise CocoIsUnreadable("it is nested too deep") from error
    except json.JSONDecodeError as error:
        raise CocoIsUnreadable(f"not JSON: {error.msg}, at character {error.pos + 1}") from error
    except UnicodeDecodeError as error:
        raise CocoIsUnreadable(f"not in UTF-8 from byte {error.start} on") from error


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < LONGEST_DIGITS else float(digits)


def _list(value: Mapping[str, object], name: str, path: str, problems: list[ImportProblem]) -> list[object]:
    found = value.get(name)
    if isinstance(found, list):
        return found
    if found is not None:
        problems.append(warning(path, "list_invalid", f"{name!r} is no list; it is taken as empty"))
    return []


def _labels(
    categories: Iterable[object], path: str, problems: list[ImportProblem]
) -> Iterator[tuple[Id, str]]:
    """A category that cannot be read is told; its annotations will be refused one by one."""
    known: dict[Id, str] = {}
    for row, raw in enumerate(categories, 1):
        number = id_of(raw.get("id")) if isinstance(raw, dict) else None
        if number is None or not isinstance(raw, dict):
            problems.append(warning(path, "category_invalid", "a category without an id", row=row))
            continue
        try:
            label = _label(raw.get("name"))
        except CellIsBad as bad:
            problems.append(
                warning(path, "category_invalid", f"a category cannot be read: {bad.message}", row=row)
            )
            continue
        if number in known:
            message = f"a category of the same id is {known[number]!r}, and counts"
            problems.append(warning(path, "category_repeated", message, row=row))
            continue
        if label in known.values():
            message = f"another category is {label!r} too; they are one class now"
            problems.append(warning(path, "category_repeated", message, row=row))
        known[number] = label
        yield number, label


def _label(name: object) -> str:
    """As it is, with its blanks; a number is its digits. Raises CellIsBad."""
    if not isinstance(name, str):
        name = label_of(name)
    if not name or len(name) > LONGEST_LABEL:
        raise CellIsBad("label_invalid", f"its name must have 1 to {LONGEST_LABEL} characters")
    return checked(name)
