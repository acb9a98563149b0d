"""What every container does with an entry: reads no more than is allowed, and names what is damaged."""

import io
import lzma
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from services.datasets.files.entry import Entry, EntryIsDamaged, EntryIsTooLarge, Files
from services.datasets.files.kept import Kept
from services.datasets.settings import ArchiveLimits

PIECE_BYTES = 2**20
# OSError and ValueError come from bz2 too.
DAMAGED = (zlib.error, lzma.LZMAError, EOFError, OSError, struct.error, ValueError)


@contextmanager
def damage_named() -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise EntryIsDamaged(f"cannot be unpacked: {error}") from error


def check_sample(size_bytes: int, limits: ArchiveLimits) -> None:
    if size_bytes > limits.max_entry_bytes:
        raise EntryIsTooLarge(f"{size_bytes} bytes; a sample may have {limits.max_entry_bytes}")


def read_exactly(file: int, size_bytes: int, offset: int) -> bytes:
    """The cursor of the file stays: threads may share it. Raises EntryIsDamaged for what is cut off."""
    data = os.pread(file, size_bytes, offset)
    if len(data) == size_bytes:
        return data
    # One call of the system gives 2 GiB at most.
    parts, missing = [data], size_bytes - len(data)
    while missing:
        part = os.pread(file, missing, offset + size_bytes - missing)
        if not part:
            raise EntryIsDamaged(f"cut off: {missing} of its {size_bytes} bytes are missing")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def pieces_of(file: int, size_bytes: int, offset: int) -> Iterator[bytes]:
    for start in range(0, size_bytes, PIECE_BYTES):
        with damage_named():
            piece = read_exactly(file, min(PIECE_BYTES, size_bytes - start), offset + start)
        yield piece


class PieceStream(io.RawIOBase):
    """Pieces as a stream; after an error there is no end of file, only the same error again."""

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], None] | None = None) -> None:
        self._pieces = pieces
        self._close = close
        self._rest = memoryview(b"")
        self._error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(self._next())
        size_bytes = min(len(buffer), len(self._rest))
        buffer[:size_bytes] = self._rest[:size_bytes]
        self._rest = self._rest[size_bytes:]
        return size_bytes

    def readall(self) -> bytes:
        parts = [bytes(self._rest)]
        self._rest = memoryview(b"")
        parts.extend(iter(self._next, b""))
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed and self._close is not None:
            self._close()
        super().close()

    def _next(self) -> bytes:
        """Empty at the end only."""
        if self._error is not None:
            raise self._error
        try:
            return next(filter(None, self._pieces), b"")
        except EntryIsDamaged as error:
            self._error = error
            raise


def as_stream(pieces: Iterator[bytes], close: Callable[[], None] | None = None) -> BinaryIO:
    return io.BufferedReader(PieceStream(pieces, close), PIECE_BYTES)


def unpacked(files: Files, entry: Entry, kept: Kept, limits: ArchiveLimits) -> Path:
    """A file on disk for a reader that jumps; streams end where their entry says, so a lying size is none."""
    if entry.size_bytes > limits.max_table_bytes:
        raise EntryIsTooLarge(f"{entry.size_bytes} bytes; a table may have {limits.max_table_bytes}")
    return kept.path(f"entry-{entry.number}", partial(_copy, files, entry))


def _copy(files: Files, entry: Entry, target: BinaryIO) -> None:
    with files.open(entry) as source:
        shutil.copyfileobj(source, target, PIECE_BYTES)
