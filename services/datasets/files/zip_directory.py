"""The directory of a ZIP: read without an object per entry, and judged before anything is unpacked."""

import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from services.datasets.errors import (
    ArchiveHasLinks,
    ArchiveIsBomb,
    ArchiveIsEmpty,
    ArchiveIsEncrypted,
    PathEscapes,
)
from services.datasets.files.entry import leads_out, without_dots
from services.datasets.files.index import FOLDER, Rows
from services.datasets.files.limits import check_count, check_ratio, check_unpacked
from services.datasets.files.zip_end import End, find_end, refuse
from services.datasets.settings import ArchiveLimits

# As the specification lays it out (APPNOTE.TXT 4.3.12).
HEADER, HEADER_MARK = struct.Struct("<4s6H3L5H2L"), b"PK\x01\x02"
LOCAL_HEADER_BYTES = 30
BUFFER_BYTES = 2**20

ENCRYPTED = 0x1 | 0x40 | 0x2000
NAMED_IN_UTF8 = 0x800
ZIP64_FIELD, NAME_FIELD = 0x0001, 0x7075
IN_ZIP64 = 0xFFFFFFFF
# MS-DOS, NTFS: their packers may write `cats\1.jpg`.
WITH_BACKSLASHES = frozenset({0, 10, 11})


class Header(NamedTuple):
    mark: bytes
    made_by: int
    needs: int
    flags: int
    method: int
    time: int
    date: int
    checksum: int
    packed_bytes: int
    size_bytes: int
    num_name: int
    num_extra: int
    num_comment: int
    disk: int
    internal: int
    external: int
    offset: int


def read_directory(path: Path, limits: ArchiveLimits) -> Rows:
    """Offsets are those of local headers. Raises one of the named archive errors."""
    with path.open("rb", buffering=BUFFER_BYTES) as file:
        end = find_end(file, path.stat().st_size)
        # Long before there are a million of anything.
        check_count(end.num_entries, limits)
        rows, num_entries = Rows(), 0
        for num_entries, (header, name, extra) in enumerate(_headers(file, end), 1):
            check_count(num_entries, limits)
            _add(header, name, extra, end, rows)
    # Packers that know no large numbers count anew after 65,535.
    if num_entries & 0xFFFF != end.num_entries & 0xFFFF:
        refuse(f"its directory has {num_entries} entries and should have {end.num_entries}")
    if not rows.has_files():
        raise ArchiveIsEmpty("the archive holds no files")
    _check_sizes(rows, end, path.stat().st_size, limits)
    return rows


def _headers(file: BinaryIO, end: End) -> Iterator[tuple[Header, bytes, bytes]]:
    file.seek(end.start)
    left = end.size_bytes
    while left:
        fixed = file.read(HEADER.size)
        if len(fixed) != HEADER.size or fixed[:4] != HEADER_MARK:
            refuse("its directory is damaged")
        header = Header._make(HEADER.unpack(fixed))
        name, extra = file.read(header.num_name), file.read(header.num_extra)
        file.read(header.num_comment)
        left -= HEADER.size + header.num_name + header.num_extra + header.num_comment
        if left < 0 or len(extra) != header.num_extra:
            refuse("its directory is damaged")
        yield header, name, extra


def _add(header: Header, name: bytes, extra: bytes, end: End, rows: Rows) -> None:
    path = _path(header, name, extra)
    is_folder = _is_folder(header, path)
    size_bytes, packed_bytes, offset = _numbers(header, extra)
    offset += end.shift
    if not 0 <= offset <= end.start - LOCAL_HEADER_BYTES - header.num_name - packed_bytes:
        raise ArchiveIsBomb(f"its entries overlap: {path!r} reaches into the directory")
    path = without_dots(path.rstrip("/"))
    if path:
        method = FOLDER if is_folder else header.method
        rows.add(path.encode(), 0 if is_folder else size_bytes, offset, packed_bytes, header.checksum, method)
    elif not is_folder:
        refuse("an entry has no name")


def _is_folder(header: Header, path: str) -> bool:
    """Refuses the whole archive for what a file of data never is."""
    if leads_out(path):
        raise PathEscapes(f"{path!r} leads out of the archive")
    kind = stat.S_IFMT(header.external >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveHasLinks(f"{path!r} is a link or a device")
    if header.flags & ENCRYPTED:
        raise ArchiveIsEncrypted(f"{path!r} is encrypted")
    return header.size_bytes == 0 and (path.endswith("/") or kind == stat.S_IFDIR)


def _numbers(header: Header, extra: bytes) -> tuple[int, int, int]:
    """Size, packed size, offset; those too large for their place stand elsewhere, in this order."""
    numbers = (header.size_bytes, header.packed_bytes, header.offset)
    if IN_ZIP64 not in numbers:
        return numbers
    field = _field(extra, ZIP64_FIELD) or b""
    num_moved = numbers.count(IN_ZIP64)
    if len(field) < 8 * num_moved:
        # Of exactly this size, by chance.
        return numbers
    moved = iter(struct.unpack_from(f"<{num_moved}Q", field))
    size_bytes, packed_bytes, offset = (next(moved) if each == IN_ZIP64 else each for each in numbers)
    return size_bytes, packed_bytes, offset


def _path(header: Header, name: bytes, extra: bytes) -> str:
    """UTF-8 also where no flag says so, as macOS writes it; what is none is of the old code page."""
    path = _text(header, name, extra)
    if "\\" in path and "/" not in path and header.made_by >> 8 in WITH_BACKSLASHES:
        return path.replace("\\", "/")
    return path


def _text(header: Header, name: bytes, extra: bytes) -> str:
    try:
        field = _field(extra, NAME_FIELD) if extra and not header.flags & NAMED_IN_UTF8 else None
        if field and len(field) > 5 and field[1:5] == zlib.crc32(name).to_bytes(4, "little"):
            return field[5:].decode()
        return name.decode()
    except UnicodeDecodeError:
        if header.flags & NAMED_IN_UTF8:
            refuse("a name is not the UTF-8 that it says it is")
        return name.decode("cp437")


def _field(extra: bytes, wanted: int) -> bytes | None:
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == wanted:
            return extra[place + 4 : place + 4 + length]
        place += 4 + length
    return None


def _check_sizes(rows: Rows, end: End, file_bytes: int, limits: ArchiveLimits) -> None:
    # Python's integers: sizes that lie add up to more than a column holds.
    unpacked = sum(rows.sizes)
    check_unpacked(unpacked, limits)
    check_ratio(unpacked, file_bytes, limits)
    starts, packed = np.asarray(rows.offsets), np.asarray(rows.packed)
    order = np.argsort(starts, kind="stable")
    ends = starts[order] + packed[order] + LOCAL_HEADER_BYTES
    if np.any(ends[:-1] > starts[order][1:]):
        raise ArchiveIsBomb("its entries overlap")
