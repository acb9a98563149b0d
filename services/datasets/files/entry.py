"""The files of a source, whatever holds them: an archive, a folder, one file alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from libs.common.errors import BadInput


class EntryIsDamaged(BadInput):
    code, title = "entry_damaged", "This file cannot be unpacked"


class EntryIsTooLarge(BadInput):
    code, title = "entry_too_large", "This file is larger than is allowed"


@dataclass(frozen=True, slots=True)
class Entry:
    """`number` is the place in its container; `checksum` is a CRC-32, None where nobody has counted it.

    `path` is relative, with `/` between its folders, and never leads out.
    """

    number: int
    path: str
    size_bytes: int
    checksum: int | None = None


class Files(Protocol):
    """Opened, every path in it is harmless; several processes may open the same source at once.

    `read` and `open` raise EntryIsDamaged or EntryIsTooLarge.
    """

    def entries(self) -> Sequence[Entry]:
        """Regular files, in the container's order: the same on every machine."""
        ...

    def folders(self) -> Sequence[str]:
        """Those that are there by themselves, without a slash at the end: an empty one shows only here."""
        ...

    def read(self, entry: Entry) -> bytes:
        """A sample's bytes, at most `limits.max_entry_bytes`; a checksum of the container has been compared."""
        ...

    def open(self, entry: Entry) -> BinaryIO:
        """For a file of annotations of any length, read from its beginning in pieces."""
        ...

    def local(self, entry: Entry) -> Path:
        """The same as a file on disk, for readers that jump about in it (Parquet); unpacked once."""
        ...

    def close(self) -> None: ...


def leads_out(path: str) -> bool:
    """Absolute, upwards, with a drive letter, or with a NUL: on any system."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    is_absolute = path.startswith(("/", "\\")) or (len(path) > 1 and path[1] == ":")
    return is_absolute or ".." in parts or "\0" in path
