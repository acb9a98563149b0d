"""One file alone: a table, a text, an image; packed or not, known by the name that its owner gives it."""

import os
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from services.datasets.errors import SourceNotFound
from services.datasets.files.compression import Compression, write_unpacked
from services.datasets.files.entry import Entry, leads_out
from services.datasets.files.kept import Kept
from services.datasets.files.reading import as_stream, check_sample, damage_named, pieces_of, read_exactly
from services.datasets.settings import ArchiveLimits

PACKED_ENDINGS = frozenset({".gz", ".bz2", ".xz", ".zst", ".zstd"})
NAMELESS = "file"


class SingleFile:
    """Raises ArchiveIsCorrupt or ArchiveIsBomb when opened, for a packed one."""

    def __init__(
        self,
        path: Path,
        filename: str,
        limits: ArchiveLimits,
        kept: Kept,
        compression: Compression | None = None,
    ) -> None:
        name = harmless(filename)
        if compression is not None:
            path = kept.path("plain", partial(write_unpacked, path, compression, limits))
            name = without_packing(name)
        self._path = path
        self._limits = limits
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SourceNotFound(f"{name!r} cannot be read: {error.strerror}") from error
        self._entry = Entry(0, name, os.fstat(self._file).st_size)

    def entries(self) -> tuple[Entry, ...]:
        return (self._entry,)

    def folders(self) -> tuple[str, ...]:
        return ()

    def read(self, entry: Entry) -> bytes:
        check_sample(self._entry.size_bytes, self._limits)
        with damage_named():
            return read_exactly(self._file, self._entry.size_bytes, 0)

    def open(self, entry: Entry) -> BinaryIO:
        return as_stream(pieces_of(self._file, self._entry.size_bytes, 0))

    def local(self, entry: Entry) -> Path:
        """Where it lies: nothing is copied."""
        return self._path

    def close(self) -> None:
        os.close(self._file)


def harmless(filename: str) -> str:
    """The last part of it, never empty; its ending tells formats what it is."""
    name = filename.replace("\\", "/").replace("\0", "").rstrip("/").rpartition("/")[2]
    if name in ("", "."):
        return NAMELESS
    return f"{NAMELESS}{PurePosixPath(name).suffix}" if leads_out(name) else name


def without_packing(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in PACKED_ENDINGS else name
