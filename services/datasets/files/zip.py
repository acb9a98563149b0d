"""A ZIP from a stranger: judged by its directory before a byte is unpacked, then read entry by entry."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from services.datasets.errors import (
    ArchiveHasLinks,
    ArchiveIsBomb,
    ArchiveIsCorrupt,
    ArchiveIsEmpty,
    ArchiveIsEncrypted,
    PathEscapes,
)
from services.datasets.files.entry import Entry, EntryIsDamaged, leads_out
from services.datasets.files.reading import Unpacked, read_within
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


class ZipFiles:
    """Raises one of the named archive errors when opened."""

    def __init__(self, path: Path, limits: ArchiveLimits, scratch: Path) -> None:
        try:
            self._file = zipfile.ZipFile(path)
        except DAMAGED as error:
            raise ArchiveIsCorrupt(f"not a ZIP file, or a cut-off one: {error}") from error
        self._infos = self._file.infolist()
        self._limits = limits
        self._unpacked = Unpacked(self, scratch)
        _check(self._infos, path.stat().st_size, limits)

    def entries(self) -> list[Entry]:
        return [
            Entry(number, _path(info), info.file_size, info.CRC)
            for number, info in enumerate(self._infos)
            if not info.is_dir()
        ]

    def folders(self) -> list[str]:
        return [_path(info).rstrip("/") for info in self._infos if info.is_dir()]

    def read(self, entry: Entry) -> bytes:
        with self.open(entry) as stream:
            try:
                return read_within(stream, entry, self._limits.max_entry_bytes)
            except DAMAGED as error:
                raise EntryIsDamaged(f"cannot be unpacked: {error}") from error

    def open(self, entry: Entry) -> BinaryIO:
        try:
            return self._file.open(self._infos[entry.number])  # type: ignore[return-value]
        except DAMAGED as error:
            raise EntryIsDamaged(f"cannot be unpacked: {error}") from error

    def local(self, entry: Entry) -> Path:
        return self._unpacked.path(entry)

    def close(self) -> None:
        self._file.close()


def _check(infos: Sequence[zipfile.ZipInfo], packed_bytes: int, limits: ArchiveLimits) -> None:
    """Refuses the whole archive for what only an attack or an accident puts into one."""
    if all(info.is_dir() for info in infos):
        raise ArchiveIsEmpty("the archive holds no files")
    for info in infos:
        _check_entry(info)
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > limits.max_entries:
        raise ArchiveIsBomb(f"{len(infos)} entries; {limits.max_entries} are allowed")
    if unpacked > limits.max_unpacked_bytes:
        raise ArchiveIsBomb(f"{unpacked} bytes unpacked; {limits.max_unpacked_bytes} are allowed")
    if unpacked > max(RATIO_COUNTS_FROM_BYTES, limits.max_ratio * packed_bytes):
        raise ArchiveIsBomb(f"unpacks to {unpacked // max(packed_bytes, 1)} times its size")
    if sum(info.compress_size for info in infos) > packed_bytes:
        raise ArchiveIsBomb("its entries overlap")


def _check_entry(info: zipfile.ZipInfo) -> None:
    path = info.orig_filename
    if leads_out(path):
        raise PathEscapes(f"{path!r} leads out of the archive")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveHasLinks(f"{path!r} is a link or a device")
    if info.flag_bits & ENCRYPTED:
        raise ArchiveIsEncrypted(f"{path!r} is encrypted")


def _path(info: zipfile.ZipInfo) -> str:
    """UTF-8 also where no flag says so, as macOS writes it; what is none is of the old code page."""
    if info.flag_bits & NAMED_IN_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename
