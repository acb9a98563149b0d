"""The headers of a plain TAR, one after another: what lies where, and nothing that is not plain data."""

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from services.datasets.errors import ArchiveHasLinks, ArchiveIsCorrupt, ArchiveIsEmpty, PathEscapes
from services.datasets.files.entry import leads_out, text_of, without_dots
from services.datasets.files.index import FOLDER, STORED, Rows
from services.datasets.files.limits import check_count, check_unpacked
from services.datasets.settings import ArchiveLimits

BLOCK_BYTES = 512
ZEROS = bytes(2**20)
# Of a name, or of an extended header: nobody's is longer.
LONGEST_EXTENSION = 2**20
# A name and an extended header belong to one entry; without entries nobody needs them.
MOST_EXTENSIONS = 4

LONG_NAME, LONG_LINK, EXTENDED, SOLARIS_EXTENDED, EXTENDED_FOR_ALL = b"L", b"K", b"x", b"X", b"g"
LINKS_AND_DEVICES, SPARSE, PART, LABEL = b"12346", b"S", b"M", b"V"
FOLDERS = b"5D"
RECORD = re.compile(rb"([0-9]{1,8}) ([^=\n]+)=")


@dataclass(frozen=True, slots=True)
class Header:
    type: bytes
    name: bytes
    size_bytes: int


@dataclass(slots=True)
class Extension:
    """What headers in front say of the next entry."""

    name: bytes | None = None
    size_bytes: int | None = None
    is_sparse: bool = False
    count: int = 0


def is_header(block: bytes, *, of_unix_v7: bool = False) -> bool:
    """The checksum and the magic, which the oldest archives do not have."""
    has_magic = block[257:262] == b"ustar"
    return len(block) == BLOCK_BYTES and (has_magic or of_unix_v7) and _is_whole(block)


def read_headers(path: Path, limits: ArchiveLimits) -> Rows:
    """Raises one of the named archive errors."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        rows = Rows()
        for count, (header, offset) in enumerate(_headers(file, os.fstat(file).st_size), 1):
            check_count(count, limits)
            _add(header, offset, rows)
    finally:
        os.close(file)
    if not rows.has_files():
        raise ArchiveIsEmpty("the archive holds no files")
    check_unpacked(sum(rows.sizes), limits)
    return rows


def _headers(file: int, file_bytes: int) -> Iterator[tuple[Header, int]]:
    """Each with the place of its content; what headers in front say is in it."""
    place, extension = 0, Extension()
    while place < file_bytes:
        block = os.pread(file, BLOCK_BYTES, place)
        if not any(block):
            place = _next_archive(file, place)
            continue
        header = _header(block, place)
        place += BLOCK_BYTES
        if header.type in (LONG_NAME, LONG_LINK, EXTENDED, SOLARIS_EXTENDED, EXTENDED_FOR_ALL):
            _extend(extension, header, _extension(file, header, place))
        else:
            header = _extended(header, extension)
            if place + header.size_bytes > file_bytes:
                _refuse(f"{_shown(header)} is cut off")
            yield header, place
            extension = Extension()
        place += -(-header.size_bytes // BLOCK_BYTES) * BLOCK_BYTES
    if extension.count:
        _refuse("it is cut off")


def _next_archive(file: int, place: int) -> int:
    """Behind the zeros that end one: archives may be written one behind another.

    What else comes there is refused as a damaged header: a download with a hole in it would lose the rest.
    """
    while (piece := os.pread(file, len(ZEROS), place)) == ZEROS[: len(piece)] != b"":
        place += len(piece)
    return place + (len(piece) - len(piece.lstrip(b"\0"))) // BLOCK_BYTES * BLOCK_BYTES


def _header(block: bytes, place: int) -> Header:
    if len(block) < BLOCK_BYTES or not _is_whole(block):
        _refuse(f"the header at byte {place} is damaged")
    name = _until_zero(block[:100])
    # Elsewhere these bytes are times of another kind.
    if block[257:263] == b"ustar\0" and (prefix := _until_zero(block[345:500])):
        name = prefix + b"/" + name
    return Header(block[156:157], name, _number(block[124:136], place))


def _is_whole(block: bytes) -> bool:
    told = block[148:156].strip(b" \0")
    if not told or told.strip(b"01234567"):
        return False
    counted = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if counted == int(told, 8):
        return True
    # Old packers counted with signed bytes.
    signed = struct.unpack("148b8x356b", block)
    return sum(signed) + 8 * ord(" ") == int(told, 8)


def _number(field: bytes, place: int) -> int:
    """Octal digits, or for large ones a binary number behind a first bit that is set."""
    if field[0] & 0x80:
        if field[0] & 0x40:
            _refuse(f"the header at byte {place} has a negative size")
        return int.from_bytes(field, "big") & ~(1 << (8 * len(field) - 1))
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        _refuse(f"the header at byte {place} is damaged")
    return int(digits or b"0", 8)


def _extension(file: int, header: Header, place: int) -> bytes:
    if header.size_bytes > LONGEST_EXTENSION:
        _refuse(f"the header at byte {place} is longer than any name")
    data = os.pread(file, header.size_bytes, place)
    if len(data) < header.size_bytes:
        _refuse("it is cut off")
    return data


def _extend(extension: Extension, header: Header, data: bytes) -> None:
    extension.count += 1
    if extension.count > MOST_EXTENSIONS:
        _refuse("too many extended headers before an entry")
    if header.type == LONG_NAME:
        extension.name = _until_zero(data)
    elif header.type in (EXTENDED, SOLARIS_EXTENDED):
        _extend_by_records(extension, data)


def _extend_by_records(extension: Extension, data: bytes) -> None:
    """Each is its own length, a key and a value."""
    place = 0
    while place < len(data) and (match := RECORD.match(data, place)):
        length, key = int(match[1]), match[2]
        value = data[match.end() : place + length - 1]
        if place + length > len(data) or place + length <= match.end():
            break
        extension.is_sparse |= key.startswith(b"GNU.sparse.")
        if key in (b"path", b"GNU.sparse.name"):
            extension.name = value
        elif key == b"size":
            if not value.isdigit() or len(value) > 20:
                _refuse("a header has a size that is no number")
            extension.size_bytes = int(value)
        place += length
    if data[place:].strip(b"\0"):
        _refuse("an extended header is damaged")


def _extended(header: Header, extension: Extension) -> Header:
    name = header.name if extension.name is None else extension.name
    if header.type == SPARSE or extension.is_sparse:
        _refuse(f"{text_of(name)!r} is a sparse file; pack it without holes")
    if header.type == PART:
        _refuse("it is one part of several")
    size_bytes = header.size_bytes if extension.size_bytes is None else extension.size_bytes
    # Some packers count what lies in a folder.
    has_content = header.type not in (b"5", LABEL) and header.type not in LINKS_AND_DEVICES
    return Header(header.type, name, size_bytes if has_content else 0)


def _add(header: Header, offset: int, rows: Rows) -> None:
    path = text_of(header.name)
    if header.type == LABEL:
        return
    if leads_out(path):
        raise PathEscapes(f"{path!r} leads out of the archive")
    if header.type in LINKS_AND_DEVICES:
        raise ArchiveHasLinks(f"{path!r} is a link or a device")
    is_folder = header.type in FOLDERS or (path.endswith("/") and not header.size_bytes)
    path = without_dots(path.rstrip("/"))
    if path and is_folder:
        rows.add(path.encode(), 0, offset, 0, method=FOLDER)
    elif path:
        rows.add(path.encode(), header.size_bytes, offset, header.size_bytes, method=STORED)
    elif not is_folder:
        _refuse("an entry has no name")


def _until_zero(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _shown(header: Header) -> str:
    return repr(text_of(header.name))


def _refuse(reason: str) -> NoReturn:
    raise ArchiveIsCorrupt(f"not a TAR file, or a cut-off or damaged one: {reason}")
