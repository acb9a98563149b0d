"""Data told by where it lies: the folder that holds all of it, folders of subsets, images by their suffix."""

import posixpath
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from libs.common.contracts.imports import ImportProblem
from services.datasets.files import Entry, Files
from services.datasets.formats.lookup import IMAGE_SUFFIXES, is_image_path
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import rejected
from services.datasets.formats.subsets import subset_of_word

# Longer ones, and numbers, are a part of the name: `v1.2 final`, `scan.0001`.
LONGEST_SUFFIX = 6


@dataclass(frozen=True)
class Placed:
    """`name` is the path without the folder of a subset, as far as names stay different without it."""

    subset: str | None
    name: str


def set_apart(files: Files) -> tuple[list[Entry], list[ImportProblem]]:
    """What may be data, and a refusal for every file that an operating system left there."""
    data: list[Entry] = []
    refused: list[ImportProblem] = []
    for entry in files.entries():
        if is_of_system(entry.path):
            refused.append(rejected(entry.path, "system_file", "left there by an operating system; not data"))
        else:
            data.append(entry)
    return data, refused


def may_be_image(path: str) -> bool:
    """By its suffix; what has none is looked at."""
    suffix = posixpath.splitext(path)[1]
    return is_image_path(path) or len(suffix) > LONGEST_SUFFIX or not suffix[1:] or suffix[1:].isdigit()


def not_an_image(entry: Entry) -> ImportProblem:
    kinds = ", ".join(sorted(IMAGE_SUFFIXES))
    suffix = posixpath.splitext(entry.path)[1]
    return rejected(entry.path, "not_an_image", f"its suffix is {suffix!r}; those of images are {kinds}")


def common_folder(paths: Sequence[str]) -> str:
    """The one that holds all, with a slash at the end, or empty; the folder of a subset is not meant."""
    parts = posixpath.commonpath([posixpath.dirname(path) for path in paths]).split("/") if paths else []
    while parts and (not parts[-1] or subset_of_word(parts[-1])):
        parts.pop()
    return "".join(f"{part}/" for part in parts)


def without_role(path: str, roles: Container[str]) -> str:
    """Without the first folder that says what its files are: `train/images/1.jpg` is `train/1.jpg`."""
    parts = path.split("/")
    place = next((place for place, part in enumerate(parts[:-1]) if part.lower() in roles), None)
    return path if place is None else "/".join(parts[:place] + parts[place + 1 :])


def stem_of(path: str) -> str:
    """With its folders."""
    return posixpath.splitext(path)[0]


def placed(paths: Iterable[str]) -> dict[str, Placed]:
    """In subsets when every top folder has the name of one."""
    known = list(paths)
    if not has_subsets(known):
        return {path: Placed(None, path) for path in known}
    inner = {path: path.partition("/")[2] for path in known if "/" in path}
    counts = Counter(inner.values())
    is_unique = not any(count > 1 for count in counts.values()) and counts.keys().isdisjoint(known)
    return {
        path: Placed(subset_of_word(path.partition("/")[0]), inner[path] if is_unique else path)
        if path in inner
        else Placed(None, path)
        for path in known
    }


def has_subsets(paths: Iterable[str]) -> bool:
    tops = {top for top, slash, _ in (path.partition("/") for path in paths) if slash}
    return bool(tops) and all(map(subset_of_word, tops))
