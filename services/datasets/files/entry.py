"""The files of a source, whatever holds them: an archive, a folder, one file alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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

    `read` and `open` raise EntryIsDamaged or EntryIsTooLarge, and so does reading what was opened.
    """

    def entries(self) -> Sequence[Entry]:
        """Regular files, in the container's order: the same on every machine."""
        ...

    def folders(self) -> Sequence[str]:
        """Those that are there by themselves, without a slash at the end: an empty one shows only here."""
        ...

    def read(self, entry: Entry) -> bytes:
        """A sample's bytes, at most `limits.max_entry_bytes`; a checksum of the container was compared."""
        ...

    def open(self, entry: Entry) -> BinaryIO:
        """For a file of annotations of any length, read from its beginning in pieces."""
        ...

    def local(self, entry: Entry) -> Path:
        """The same as a file on disk, for readers that jump about in it (Parquet); unpacked once.

        At most `limits.max_table_bytes` are unpacked for it.
        """
        ...

    def close(self) -> None: ...


def leads_out(path: str) -> bool:
    """Absolute, upwards, with a drive letter, or with a NUL: on any system."""
    if path.startswith(("/", "\\")) or path[1:2] == ":" or "\0" in path:
        return True
    return ".." in path and ".." in path.replace("\\", "/").split("/")


def text_of(name: bytes) -> str:
    """A name that is no UTF-8 is shown by its bytes: what stays readable in it stays so."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("latin-1")


def without_dots(path: str) -> str:
    """`tar` writes `./a/1.png` for `a/1.png`."""
    if "./" not in path and not path.endswith("."):
        return path
    return "/".join(part for part in path.split("/") if part != ".")
