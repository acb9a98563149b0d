"""Where the images of a COCO file lie: beside it, or in one of the folders that people put them in."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from services.datasets.files import Entry
from services.datasets.formats.lookup import MOST_ALIKE
from services.datasets.formats.tables.cells import CellIsBad, checked


class ImageFiles:
    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_path: dict[str, Entry] = {}
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if self._by_path.setdefault(entry.path, entry) is entry:
                self._by_name[posixpath.basename(entry.path)].append(entry)

    def find(self, name: object, json: str) -> Entry:
        """Of an image in the file `json`. By its name alone as a last resort, when only one file has it.

        Paths of the machine that the data was made on, and addresses of the web, are looked for among the
        files of the source as well; nothing else is ever opened. Raises CellIsBad.
        """
        if not isinstance(name, str):
            raise CellIsBad("image_invalid", "it names no file")
        path = _path(checked(name))
        for place in _places(posixpath.dirname(json), json):
            if found := self._by_path.get(posixpath.normpath(posixpath.join(place, path))):
                return found
        return self._only(path, name)

    def _only(self, path: str, name: str) -> Entry:
        alike = self._by_name.get(posixpath.basename(path), [])
        if len(alike) == 1:
            return alike[0]
        if len(alike) > MOST_ALIKE:
            raise CellIsBad("image_ambiguous", f"{len(alike)} files have the name of {name[:200]!r}")
        ending = [entry for entry in alike if f"/{entry.path}".endswith(f"/{path}")]
        if len(ending) == 1:
            return ending[0]
        if alike:
            raise CellIsBad("image_ambiguous", f"{len(ending or alike)} files could be {name[:200]!r}")
        raise CellIsBad("image_missing", f"there is no file {name[:200]!r}")


def _path(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _places(folder: str, json: str) -> Iterator[str]:
    """Folders that the name may be relative to, the likely ones first."""
    part = posixpath.splitext(posixpath.basename(json))[0].rpartition("_")[2]
    parent = posixpath.dirname(folder)
    yield folder
    for base in _unique((parent, folder, "")):
        yield posixpath.join(base, "images")
        yield posixpath.join(base, part)
        yield posixpath.join(base, "images", part)
        yield base


def _unique(folders: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(folders))
