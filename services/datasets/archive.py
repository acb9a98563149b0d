"""A ZIP from a stranger: judged by its directory before a byte is unpacked, then read entry by entry."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from libs.common.errors import BadInput
from services.datasets.errors import (
    ArchiveHasLinks,
    ArchiveIsBomb,
    ArchiveIsCorrupt,
    ArchiveIsEmpty,
    ArchiveIsEncrypted,
    PathEscapes,
)
from services.datasets.settings import ArchiveLimits

ENCRYPTED = 0x1
NAMED_IN_UTF8 = 0x800
# Small files of one value shrink a thousandfold and harm nobody.
RATIO_COUNTS_FROM_BYTES = 10 * 2**20
# ValueError is a name that is not the UTF-8 it says it is; RuntimeError asks for a password.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, struct.error, NotImplementedError,
    RuntimeError, ValueError,
)  # fmt: skip


class EntryIsDamaged(BadInput):
    code, title = "entry_damaged", "This file of the archive cannot be unpacked"


class EntryIsTooLarge(BadInput):
    code, title = "entry_too_large", "This file is larger than a sample may be"


@dataclass(frozen=True)
class Entry:
    """`number` is the place in the archive; `checksum` is the archive's own CRC-32."""

    number: int
    path: str
    size_bytes: int
    checksum: int


class Archive:
    """Raises one of the named archive errors when opened; afterwards every path in it is harmless."""

    def __init__(self, file: zipfile.ZipFile, limits: ArchiveLimits) -> None:
        self._file = file
        self._infos = file.infolist()
        self._limits = limits

    def entries(self) -> list[Entry]:
        return [
            Entry(number, _path(info), info.file_size, info.CRC)
            for number, info in enumerate(self._infos)
            if not info.is_dir()
        ]

    def folders(self) -> list[str]:
        """Those that the archive names for themselves: an empty one shows only here."""
        return [_path(info).rstrip("/") for info in self._infos if info.is_dir()]

    def read(self, entry: Entry) -> bytes:
        """Raises EntryIsDamaged or EntryIsTooLarge; the archive's checksum has been compared."""
        if entry.size_bytes > self._limits.max_entry_bytes:
            limit = self._limits.max_entry_bytes
            raise EntryIsTooLarge(f"{entry.size_bytes} bytes; a sample may have {limit}")
        try:
            return self._file.read(self._infos[entry.number])
        except DAMAGED as error:
            raise EntryIsDamaged(f"cannot be unpacked: {error}") from error


@contextmanager
def open_archive(path: Path, limits: ArchiveLimits) -> Iterator[Archive]:
    try:
        file = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise ArchiveIsCorrupt(f"not a ZIP file, or a cut-off one: {error}") from error
    with file:
        yield Archive(file, limits)


def check(path: Path, limits: ArchiveLimits) -> None:
    """Refuses the whole archive for what only an attack or an accident puts into one."""
    with open_archive(path, limits) as archive:
        infos = archive._infos
        if not any(not info.is_dir() for info in infos):
            raise ArchiveIsEmpty("the archive holds no files")
        for info in infos:
            _check_entry(info)
        _check_size(infos, path.stat().st_size, limits)


def _check_entry(info: zipfile.ZipInfo) -> None:
    path = info.orig_filename
    if leads_out(path):
        raise PathEscapes(f"{path!r} leads out of the archive")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveHasLinks(f"{path!r} is a link or a device")
    if info.flag_bits & ENCRYPTED:
        raise ArchiveIsEncrypted(f"{path!r} is encrypted")


def leads_out(path: str) -> bool:
    """Absolute, upwards, with a drive letter, or with a NUL: on any system."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    is_absolute = path.startswith(("/", "\\")) or (len(path) > 1 and path[1] == ":")
    return is_absolute or ".." in parts or "\0" in path


def _path(info: zipfile.ZipInfo) -> str:
    """UTF-8 also where no flag says so, as macOS writes it; what is none is of the old code page."""
    if info.flag_bits & NAMED_IN_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _check_size(infos: Sequence[zipfile.ZipInfo], packed_bytes: int, limits: ArchiveLimits) -> None:
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > limits.max_entries:
        raise ArchiveIsBomb(f"{len(infos)} entries; {limits.max_entries} are allowed")
    if unpacked > limits.max_unpacked_bytes:
        raise ArchiveIsBomb(f"{unpacked} bytes unpacked; {limits.max_unpacked_bytes} are allowed")
    if unpacked > max(RATIO_COUNTS_FROM_BYTES, limits.max_ratio * packed_bytes):
        raise ArchiveIsBomb(f"unpacks to {unpacked // max(packed_bytes, 1)} times its size")
    if sum(info.compress_size for info in infos) > packed_bytes:
        raise ArchiveIsBomb("its entries overlap")
