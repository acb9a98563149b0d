"""A TAR from a stranger: its entries are read where they lie; a packed one is made plain first, once."""

import os
from functools import partial
from pathlib import Path
from typing import BinaryIO

from services.datasets.files.compression import Compression, write_unpacked
from services.datasets.files.entry import Entry
from services.datasets.files.index import Index
from services.datasets.files.kept import Kept
from services.datasets.files.reading import (
    as_stream,
    check_sample,
    damage_named,
    pieces_of,
    read_exactly,
    unpacked,
)
from services.datasets.files.tar_headers import read_headers
from services.datasets.settings import ArchiveLimits


class TarFiles:
    """Raises one of the named archive errors when opened."""

    def __init__(
        self, path: Path, limits: ArchiveLimits, kept: Kept, compression: Compression | None = None
    ) -> None:
        if compression is not None:
            path = kept.path("plain.tar", partial(write_unpacked, path, compression, limits))
        self._index = Index(kept.path("index", lambda target: read_headers(path, limits).write(target)))
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._limits = limits
        self._kept = kept

    def entries(self) -> list[Entry]:
        return self._index.entries

    def folders(self) -> list[str]:
        return self._index.folders

    def read(self, entry: Entry) -> bytes:
        offset, size_bytes = self._place(entry)
        check_sample(size_bytes, self._limits)
        with damage_named():
            return read_exactly(self._file, size_bytes, offset)

    def open(self, entry: Entry) -> BinaryIO:
        offset, size_bytes = self._place(entry)
        return as_stream(pieces_of(self._file, size_bytes, offset))

    def local(self, entry: Entry) -> Path:
        return unpacked(self, entry, self._kept, self._limits)

    def close(self) -> None:
        os.close(self._file)

    def _place(self, entry: Entry) -> tuple[int, int]:
        return int(self._index.offsets[entry.number]), int(self._index.sizes[entry.number])
