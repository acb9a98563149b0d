"""Bytes of one request, one after another: the first of them in memory, more in a file without a name."""

import asyncio
import io
import os
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

IN_MEMORY_BYTES = 2**20


@dataclass(frozen=True)
class Piece:
    """A file that was sent; `filename` as its sender calls it, for showing only."""

    filename: str
    offset: int
    size_bytes: int


class Spool:
    """Any thread may read what was taken; the file is gone with the spool, also after a crash."""

    def __init__(self) -> None:
        self._memory = bytearray()
        self._file: io.BufferedRandom | None = None
        self.size_bytes = 0

    async def take(self, data: bytes) -> None:
        self.size_bytes += len(data)
        if self._file is None and self.size_bytes <= IN_MEMORY_BYTES:
            self._memory += data
        else:
            await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        if self._file is None:
            self._file = TemporaryFile(buffering=0)  # type: ignore[assignment]  # noqa: SIM115 — closed below
            _write_all(self._descriptor, self._memory)
            self._memory = bytearray()
        _write_all(self._descriptor, data)

    def read(self, offset: int, size_bytes: int) -> bytes:
        if self._file is None:
            return bytes(memoryview(self._memory)[offset : offset + size_bytes])
        return os.pread(self._descriptor, size_bytes, offset)

    def piece(self, piece: Piece) -> bytes:
        return self.read(piece.offset, piece.size_bytes)

    @property
    def _descriptor(self) -> int:
        assert self._file is not None
        return self._file.fileno()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PieceFile(io.RawIOBase):
    """A piece as a file of its own, for readers that jump about in it."""

    def __init__(self, spool: Spool, piece: Piece) -> None:
        self._spool = spool
        self._piece = piece
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._piece.size_bytes}[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), max(0, self._piece.size_bytes - self._place))
        data = self._spool.read(self._piece.offset + self._place, wanted)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


def _write_all(descriptor: int, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
