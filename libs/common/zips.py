"""A ZIP from a stranger, of files that fit into memory one by one: judged by its directory, then read.

For archives of any size and every way of packing the datasets room has readers of its own.
"""

import stat
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from libs.common.errors import BadInput, TooLarge

ENCRYPTED = 0x1 | 0x40 | 0x2000
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Of one entry in the directory: a name of any length that a file can have, and what packers add.
DIRECTORY_ENTRY_BYTES = 2048
# Small files of one value shrink a thousandfold and harm nobody.
RATIO_COUNTS_FROM_BYTES = 10 * 2**20
SYSTEM_FILES = (".DS_Store", "Thumbs.db", "desktop.ini")
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


class ArchiveIsRefused(BadInput):
    code, title = "archive_refused", "The archive cannot be used"


class ArchiveIsTooLarge(TooLarge):
    code, title = "archive_too_large", "The archive holds more than one request may have"


class FileIsDamaged(BadInput):
    code, title = "archive_entry_damaged", "A file in the archive cannot be unpacked"


@dataclass(frozen=True)
class ZipLimits:
    max_files: int
    max_unpacked_bytes: int
    max_ratio: int = 100


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """`number` is its place in the directory; `path` has `/` between its folders and never leads out."""

    number: int
    path: str
    size_bytes: int


class Zip:
    """Its regular files in the archive's order, without what operating systems leave; any thread may read.

    Errors: ArchiveIsRefused, ArchiveIsTooLarge.
    """

    def __init__(self, file: BinaryIO, limits: ZipLimits) -> None:
        guarded = _Guarded(file, limits.max_files)
        try:
            self._zip = zipfile.ZipFile(cast(IO[bytes], guarded))
        except DAMAGED as error:
            raise ArchiveIsRefused(f"it is no whole ZIP: {error}") from error
        guarded.is_open = True
        self._infos = self._zip.infolist()
        for info in self._infos:
            _judge(info)
        self.files: Sequence[ZippedFile] = [
            ZippedFile(number, info.filename, info.file_size)
            for number, info in enumerate(self._infos)
            if _is_data(info)
        ]
        self._judge_sizes(limits)

    def _judge_sizes(self, limits: ZipLimits) -> None:
        if len(self.files) > limits.max_files:
            raise ArchiveIsTooLarge(f"{len(self.files)} files; {limits.max_files} are the limit")
        unpacked = sum(info.file_size for info in self._infos)
        packed = sum(info.compress_size for info in self._infos)
        if unpacked > limits.max_unpacked_bytes:
            raise ArchiveIsTooLarge(f"{unpacked} bytes unpacked; {limits.max_unpacked_bytes} are the limit")
        if unpacked > max(RATIO_COUNTS_FROM_BYTES, limits.max_ratio * packed):
            raise ArchiveIsRefused(f"it unpacks to {unpacked // max(packed, 1)} times its size")

    def read(self, file: ZippedFile) -> bytes:
        """No more than the directory says. Raises FileIsDamaged."""
        info = self._infos[file.number]
        if info.compress_type not in METHODS:
            raise FileIsDamaged(f"packed by method {info.compress_type}; Deflate can be unpacked")
        try:
            with self._zip.open(info) as stream:
                data = stream.read(file.size_bytes)
                # The checksum is compared where the stream ends.
                is_longer = bool(stream.read(1))
        except DAMAGED as error:
            raise FileIsDamaged(f"cannot be unpacked: {error}") from error
        if is_longer or len(data) != file.size_bytes:
            raise FileIsDamaged(f"has not the {file.size_bytes} bytes that the archive says")
        return data

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> "Zip":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Guarded:
    """`zipfile` reads the whole directory at once and makes an object of each entry: not of a million."""

    def __init__(self, file: BinaryIO, max_files: int) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self.is_open = False
        self._file = file
        self._max_files = max_files

    def read(self, size: int = -1) -> bytes:
        if not self.is_open and size > DIRECTORY_ENTRY_BYTES * (self._max_files + 100):
            raise ArchiveIsTooLarge(f"its directory is for more than {self._max_files} files")
        return self._file.read(size)


def _judge(info: zipfile.ZipInfo) -> None:
    """Refuses the whole archive for what a file of data never is."""
    if _leads_out(info.filename) or _leads_out(info.orig_filename):
        raise ArchiveIsRefused(f"{info.orig_filename!r} leads out of the archive")
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveIsRefused(f"{info.filename!r} is a link or a device")
    if info.flag_bits & ENCRYPTED:
        raise ArchiveIsRefused(f"{info.filename!r} is encrypted")


def _leads_out(path: str) -> bool:
    """On any system."""
    if path.startswith(("/", "\\")) or path[1:2] == ":" or "\0" in path:
        return True
    return ".." in path.replace("\\", "/").split("/")


def _is_data(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    return not info.is_dir() and "__MACOSX" not in parts and parts[-1] not in SYSTEM_FILES
