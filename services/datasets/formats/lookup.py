"""Files of a source, found by what a cell of a table says."""

import posixpath
from collections import defaultdict
from functools import cached_property
from pathlib import PurePosixPath

from services.datasets.files import Entry, Files
from services.datasets.formats.names import is_of_system
from services.datasets.formats.tables.cells import CellIsBad, checked

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"}
)
# Files of one name in many folders that are looked through for one cell.
MOST_ALIKE = 1000


class Lookup:
    def __init__(self, files: Files) -> None:
        entries = files.entries()
        self.of_system = [entry for entry in entries if is_of_system(entry.path)]
        self.entries = [entry for entry in entries if not is_of_system(entry.path)]
        self._by_path = {entry.path: entry for entry in self.entries}
        self.root = _common_folder([entry.path for entry in self.entries])

    def name_of(self, entry: Entry) -> str:
        """Below the folder that holds everything."""
        return entry.path.removeprefix(self.root)

    def is_file(self, cell: object, folder: str) -> bool:
        try:
            return isinstance(cell, str) and bool(self.find(cell, folder))
        except CellIsBad:
            return False

    def find(self, cell: str, folder: str) -> Entry:
        """Beside the table, from the top, or anywhere if only one file fits, its suffix left out or not.

        Raises CellIsBad.
        """
        path = plain_path(cell, folder)
        if entry := self._at(cell, folder) or self._at(path, folder):
            return entry
        fitting = self._fitting(path)
        if len(fitting) > 1:
            raise CellIsBad("path_ambiguous", f"{len(fitting)} files could be {cell[:200]!r}")
        if not fitting:
            raise CellIsBad("file_missing", f"there is no file {cell[:200]!r}")
        return fitting[0]

    def _at(self, path: str, folder: str) -> Entry | None:
        beside, top = posixpath.normpath(posixpath.join(folder, path)), posixpath.normpath(path)
        places = (beside, self.root + beside, top, self.root + top)
        return next((self._by_path[place] for place in places if place in self._by_path), None)

    def _fitting(self, path: str) -> list[Entry]:
        ending = f"/{posixpath.normpath(path)}"
        alike = self._by_name.get(posixpath.basename(path), [])[:MOST_ALIKE]
        if fitting := [entry for entry in alike if f"/{entry.path}".endswith(ending)]:
            return fitting
        alike = self._by_stem.get(posixpath.basename(path), [])[:MOST_ALIKE]
        return [entry for entry in alike if f"/{posixpath.splitext(entry.path)[0]}".endswith(ending)]

    @cached_property
    def _by_name(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[posixpath.basename(entry.path)].append(entry)
        return found

    @cached_property
    def _by_stem(self) -> dict[str, list[Entry]]:
        """Images only: beside `1.jpg` there may be `1.txt`."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if is_image_path(entry.path):
                found[PurePosixPath(entry.path).stem].append(entry)
        return found


def is_image_path(path: str) -> bool:
    return posixpath.splitext(path)[1].lower() in IMAGE_SUFFIXES


def plain_path(cell: str, folder: str) -> str:
    """Raises CellIsBad for what leads out of the source, or is not of it."""
    path = checked(cell)
    if not path.strip():
        raise CellIsBad("file_missing", "the row names no file")
    if "://" in path:
        raise CellIsBad("path_is_url", "files of the web are not fetched")
    path = path if "\\" not in path else path.replace("\\", "/")
    climbs = posixpath.normpath(posixpath.join(folder, path)).startswith("../")
    if path.startswith("/") or path[1:3] == ":/" or climbs:
        raise CellIsBad("path_escapes", f"{cell[:200]!r} leads out of the source")
    return path


def _common_folder(paths: list[str]) -> str:
    """With a slash at the end, or empty."""
    if not paths:
        return ""
    folder = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    return f"{folder}/" if folder else ""
