"""What an upload sends: bytes that can be read from any place, and that nobody changes meanwhile."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from libs.common.errors import Conflict

CHUNK_BYTES = 2**20


class ContentChanged(Conflict):
    code, title = "content_changed", "The file changed while it was sent"


class Content(Protocol):
    """`identity` is another as soon as the bytes may be others."""

    @property
    def name(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...

    @property
    def identity(self) -> str: ...

    def chunks(self, start: int, size_bytes: int) -> Iterator[bytes]:
        """That range, never much of it in memory. Raises ContentChanged."""
        ...


@dataclass(frozen=True)
class FileContent:
    path: Path
    size_bytes: int
    modified_ns: int

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def identity(self) -> str:
        return f"{self.path}\n{self.size_bytes}\n{self.modified_ns}"

    def chunks(self, start: int, size_bytes: int) -> Iterator[bytes]:
        return read_range(self.path, (self.size_bytes, self.modified_ns), start, size_bytes)


def file_content(path: Path) -> FileContent:
    about = path.stat()
    return FileContent(path.resolve(), about.st_size, about.st_mtime_ns)


def read_range(path: Path, expected: tuple[int, int], start: int, size_bytes: int) -> Iterator[bytes]:
    """Of a file that has the expected size and time of change, before it is read and after."""
    try:
        with path.open("rb", buffering=0) as file:
            _check(path, file.fileno(), expected)
            file.seek(start)
            while size_bytes and (chunk := file.read(min(CHUNK_BYTES, size_bytes))):
                yield chunk
                size_bytes -= len(chunk)
            _check(path, file.fileno(), expected)
    except OSError as error:
        raise ContentChanged(f"{path} can no longer be read: {error.strerror}") from error


def _check(path: Path, descriptor: int, expected: tuple[int, int]) -> None:
    about = os.fstat(descriptor)
    if (about.st_size, about.st_mtime_ns) != expected:
        raise ContentChanged(f"{path} was written to; send it again when it is at rest")
