"""A folder of this machine, listed once: no link is followed, neither then nor when a file is read."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from services.datasets.errors import (
    ArchiveHasLinks,
    ArchiveIsEmpty,
    PathEscapes,
    SourceIsTooLarge,
    SourceNotFound,
)
from services.datasets.files.entry import Entry, EntryIsDamaged, leads_out, text_of
from services.datasets.files.index import FOLDER, Index, Rows
from services.datasets.files.kept import Kept
from services.datasets.files.reading import as_stream, check_sample, damage_named, pieces_of, read_exactly
from services.datasets.settings import ArchiveLimits

AS_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe that took the place of a file would be waited for.
AS_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FolderFiles:
    """Raises one of the named archive errors, SourceIsTooLarge or SourceNotFound when opened."""

    def __init__(self, path: Path, limits: ArchiveLimits, kept: Kept) -> None:
        try:
            self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SourceNotFound(f"the folder cannot be read: {error.strerror}") from error
        self._path = path
        self._limits = limits
        try:
            self._index = Index(kept.path("index", lambda target: self._listed().write(target)))
        except BaseException:
            self.close()
            raise

    def entries(self) -> list[Entry]:
        return self._index.entries

    def folders(self) -> list[str]:
        return self._index.folders

    def read(self, entry: Entry) -> bytes:
        file, size_bytes = self._opened(entry)
        try:
            check_sample(size_bytes, self._limits)
            with damage_named():
                return read_exactly(file, size_bytes, 0)
        finally:
            os.close(file)

    def open(self, entry: Entry) -> BinaryIO:
        file, size_bytes = self._opened(entry)
        return as_stream(pieces_of(file, size_bytes, 0), partial(os.close, file))

    def local(self, entry: Entry) -> Path:
        """Where it lies: nothing is copied."""
        file, _ = self._opened(entry)
        os.close(file)
        return self._path / os.fsdecode(self._index.name(entry.number))

    def close(self) -> None:
        os.close(self._root)

    def _opened(self, entry: Entry) -> tuple[int, int]:
        """Raises EntryIsDamaged for what is no more as it was listed."""
        listed_bytes = int(self._index.sizes[entry.number])
        folder, _, name = self._index.name(entry.number).rpartition(b"/")
        try:
            with _entered(self._root, folder) as parent:
                file = os.open(name, AS_FILE, dir_fd=parent)
            about = os.fstat(file)
        except OSError as error:
            raise EntryIsDamaged(f"cannot be read any more: {error.strerror}") from error
        if not stat.S_ISREG(about.st_mode) or about.st_size != listed_bytes:
            os.close(file)
            raise EntryIsDamaged(f"has changed: it had {listed_bytes} bytes when the folder was listed")
        return file, listed_bytes

    def _listed(self) -> Rows:
        """A folder's files in the order of their names, then its folders in theirs."""
        rows, waiting, size_bytes = Rows(), [b""], 0
        while waiting:
            folder = waiting.pop()
            below = []
            for path, about in self._in(folder):
                size_bytes += _add(path, about, rows, below)
                if len(rows) > self._limits.max_entries or size_bytes > self._limits.max_unpacked_bytes:
                    raise SourceIsTooLarge(
                        f"the folder holds more than {self._limits.max_entries} files and folders, or more "
                        f"than {self._limits.max_unpacked_bytes} bytes"
                    )
            waiting.extend(reversed(below))
        if not rows.has_files():
            raise ArchiveIsEmpty("the folder holds no files")
        return rows

    def _in(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        try:
            with _entered(self._root, folder) as opened, os.scandir(opened) as found:
                names = sorted(os.fsencode(each.name) for each in found)
                for name in names:
                    about = os.stat(name, dir_fd=opened, follow_symlinks=False)
                    yield (folder + b"/" + name if folder else name), about
        except OSError as error:
            shown = text_of(folder) or "."
            raise SourceNotFound(f"the folder {shown!r} cannot be read: {error.strerror}") from error


def _add(path: bytes, about: os.stat_result, rows: Rows, below: list[bytes]) -> int:
    """Its size."""
    shown = text_of(path)
    if leads_out(shown):
        raise PathEscapes(f"{shown!r} leads out of the folder on other systems")
    if stat.S_ISDIR(about.st_mode):
        below.append(path)
        rows.add(path, 0, method=FOLDER)
        return 0
    if not stat.S_ISREG(about.st_mode):
        raise ArchiveHasLinks(f"{shown!r} is a link or a device")
    rows.add(path, about.st_size)
    return about.st_size


@contextmanager
def _entered(root: int, folder: bytes) -> Iterator[int]:
    """A descriptor that is reached part by part: O_NOFOLLOW minds the last part only."""
    current = os.dup(root)
    try:
        for part in folder.split(b"/") if folder else ():
            outer, current = current, os.open(part, AS_FOLDER, dir_fd=current)
            os.close(outer)
        yield current
    finally:
        os.close(current)
