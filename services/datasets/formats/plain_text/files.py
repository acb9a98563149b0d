"""What the paths of text files say: subset, class and name; and whether a file holds many texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from services.datasets.files import Entry
from services.datasets.formats.layout import common_folder, has_subsets, placed
from services.datasets.formats.subsets import subset_of_word

SUFFIX = ".txt"


@dataclass(frozen=True)
class Meaning:
    subset: str | None
    label: str | None
    name: str


def is_text(entry: Entry) -> bool:
    return PurePosixPath(entry.path).suffix.lower() == SUFFIX


def hold_many(paths: Sequence[str]) -> bool:
    """One alone, or `train.txt` beside `test.txt`."""
    return len(paths) == 1 or all(subset_of_word(PurePosixPath(path).stem) for path in paths)


def meanings(paths: Sequence[str]) -> dict[str, Meaning]:
    root = common_folder(paths)
    inner = [path.removeprefix(root) for path in paths]
    places = placed(inner)
    with_subsets = has_subsets(inner)
    found: dict[str, Meaning] = {}
    for path, short in zip(paths, inner, strict=True):
        below = short.partition("/")[2] if with_subsets and "/" in short else short
        label, slash, _ = below.partition("/")
        found[path] = Meaning(places[short].subset, label if slash else None, places[short].name)
    return found
