"""The lists of Pascal VOC that say which images are in a subset: `ImageSets/Main/val.txt`, one per line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from libs.common.contracts.imports import ImportProblem
from libs.common.errors import ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.layout import stem_of
from services.datasets.formats.lines import encoding_of, text_lines
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.plan import warning
from services.datasets.formats.subsets import subset_of_value

LIST = re.compile(r"(?P<base>.*/)?imagesets/main/[^/]+\.txt", re.IGNORECASE | re.DOTALL)
# The devkit's lists per class (`cat_train.txt`) say of each image whether it shows one; so do the XML files.
OF_CLASS = frozenset({"-1", "0", "1"})
# An image is in `train` or `val`, and in `trainval` as well; the first list that has it counts.
ORDER = ("train", "val", "test")
LEAST = "trainval"


def is_list(path: str) -> bool:
    return bool(LIST.fullmatch(path))


class SubsetLists:
    """`stems` are the images' paths without suffix, as `voc.py` places them below `root`."""

    def __init__(self, lists: Sequence[Entry], stems: Mapping[str, str], root: str) -> None:
        self._lists = sorted(lists, key=_rank)
        self._stems = stems
        self._root = root

    def read(self, files: Files, encoding: str | None) -> tuple[dict[str, str], list[ImportProblem]]:
        """Subsets by image, and what is wrong with the lists."""
        subsets: dict[str, str] = {}
        problems: list[ImportProblem] = []
        for entry in self._lists:
            try:
                lines = list(text_lines(files, entry, encoding_of(encoding)))
            except ModelyardError as error:
                problems.append(warning(entry.path, error.code, error.detail))
                continue
            problems.extend(self._take(entry, lines, subsets))
        return subsets, problems

    def _take(self, entry: Entry, lines: Sequence[str], subsets: dict[str, str]) -> Iterator[ImportProblem]:
        subset, base = subset_of_value(_stem(entry)), self._base(entry)
        bare = {row: line.rstrip("\r\n") for row, line in enumerate(lines, 1)}
        # A name may be a space, and yet lines of spaces are mostly nothing.
        named = {row: line for row, line in bare.items() if line.strip() or self._image(base, line)}
        images = {row: self._image(base, line) for row, line in named.items()}
        if subset is None or not any(images.values()):
            if named and not all(self._is_of_class(base, line) for line in named.values()):
                yield warning(entry.path, "list_unused", "it is no list of a subset: no line names an image")
            return
        for row, image in images.items():
            if image is None:
                yield warning(entry.path, "image_missing", f"there is no image {named[row][:200]!r}", row=row)
            elif subsets.setdefault(image, subset) != subset and subset != LEAST:
                message = f"{named[row][:200]!r} is in {subsets[image]} too, and stays there"
                yield warning(entry.path, "subset_ambiguous", message, row=row)

    def _base(self, entry: Entry) -> str:
        found = LIST.fullmatch(entry.path)
        assert found is not None
        return (found["base"] or "").removeprefix(self._root)

    def _image(self, base: str, line: str) -> str | None:
        for name in (line, line.strip()):
            if image := self._stems.get(base + name):
                return image
            if is_image_path(name) and (image := self._stems.get(stem_of(base + name))):
                return image
        return None

    def _is_of_class(self, base: str, line: str) -> bool:
        image, _, says = line.strip().rpartition(" ")
        return says in OF_CLASS and self._image(base, image) is not None


def _stem(entry: Entry) -> str:
    return PurePosixPath(entry.path).stem


def _rank(entry: Entry) -> tuple[int, str]:
    subset = subset_of_value(_stem(entry)) or ""
    return ORDER.index(subset) if subset in ORDER else len(ORDER) + (subset == LEAST), entry.path
