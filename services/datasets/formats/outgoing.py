"""Names of samples as paths of an export: plain, and each one once."""

import posixpath
from collections.abc import Container, Iterator
from pathlib import PurePosixPath

from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.format import Stored
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import repaired

SUFFIX_OF = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif",
    "image/bmp": ".bmp", "image/tiff": ".tif", "image/x-portable-anymap": ".ppm", "text/plain": ".txt",
    "application/json": ".json",
}  # fmt: skip


class Names:
    """Gives every sample a path below a folder of the export; most keep the name they have.

    A dataset may hold two samples of one name, and names that no disk takes. `suffixes` are those that
    the format's readers look for (None: they take any); with `is_stem_unique` no two names of a folder may
    differ in their suffix alone, because a file of labels stands beside each.
    """

    def __init__(self, suffixes: Container[str] | None = None, *, is_stem_unique: bool = False) -> None:
        self._suffixes = suffixes
        self._is_stem_unique = is_stem_unique
        self._taken: set[str] = set()

    def of(self, sample: Stored, folder: str = "", name: str | None = None) -> str:
        """With the folder in front; see `renaming`. `name` is for formats whose folders say a part of it."""
        name = _plain(sample.name if name is None else name)
        if self._suffixes is not None and PurePosixPath(name).suffix.lower() not in self._suffixes:
            name += SUFFIX_OF.get(sample.media_type, ".bin")
        stem, suffix = posixpath.splitext(name)
        number = 1
        while self._key(posixpath.join(folder, name)) in self._taken:
            number += 1
            name = f"{stem}-{number}{suffix}"
        path = posixpath.join(folder, name)
        self._taken.add(self._key(path))
        return path

    def _key(self, path: str) -> str:
        """Not even in capitals may two differ alone: many disks know no difference."""
        return (posixpath.splitext(path)[0] if self._is_stem_unique else path).casefold()


def renaming(sample: Stored, path: str, folder: str = "") -> Iterator[ImportProblem]:
    """The loss to tell when a sample does not keep its name; `path` is what `Names.of` gave."""
    name = posixpath.relpath(path, folder) if folder else path
    if name != sample.name:
        yield repaired(sample.name, "renamed", f"its name is {name} in the export", level="sample")


def _plain(name: str) -> str:
    """No way out of the export, on no system, and nothing that a reader takes for a system's own."""
    clean = name.replace("\\", "/").replace("\0", "")
    parts = [part for part in clean.split("/") if part not in ("", ".", "..")]
    parts = [f"_{part}" if is_of_system(part) else part for part in parts]
    if parts and len(parts[0]) > 1 and parts[0][1] == ":":
        parts[0] = parts[0].replace(":", "_", 1)
    return "/".join(parts) or "sample"
