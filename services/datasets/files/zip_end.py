"""The end of a ZIP, which says where its directory lies."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, NoReturn

from services.datasets.errors import ArchiveIsCorrupt

# As the specification lays them out (APPNOTE.TXT 4.3.14 to 4.3.16).
END, END_MARK = struct.Struct("<4s4H2LH"), b"PK\x05\x06"
END64, END64_MARK = struct.Struct("<4sQ2H2L4Q"), b"PK\x06\x06"
LOCATOR, LOCATOR_MARK = struct.Struct("<4sLQL"), b"PK\x06\x07"
LONGEST_COMMENT = 0xFFFF


class End(NamedTuple):
    """`shift` is what stands before the archive in its file; all offsets leave it out."""

    start: int
    size_bytes: int
    num_entries: int
    shift: int


def find_end(file: BinaryIO, size_bytes: int) -> End:
    tail_bytes = min(size_bytes, LONGEST_COMMENT + END.size + LOCATOR.size + END64.size)
    file.seek(size_bytes - tail_bytes)
    tail = file.read(tail_bytes)
    place = _last_end(tail)
    _, disk, _, _, count, directory_bytes, offset, _ = END.unpack_from(tail, place)
    place += size_bytes - tail_bytes
    if found := _end64(file, place):
        place, disk, count, directory_bytes, offset = found
    if disk not in (0, 0xFFFF):
        refuse("it is one part of several")
    start = place - directory_bytes
    if start < 0:
        refuse("its directory is cut off")
    return End(start, directory_bytes, count, start - offset)


def _last_end(tail: bytes) -> int:
    """The one whose comment, which may hold its mark too, ends with the file; else the last that is whole."""
    whole = [place for place in _marks(tail) if _comment_end(tail, place) <= len(tail)]
    exact = [place for place in whole if _comment_end(tail, place) == len(tail)]
    if not whole:
        refuse("it has no directory at its end")
    return (exact or whole)[0]


def _marks(tail: bytes) -> Iterator[int]:
    """From the last to the first."""
    place = tail.rfind(END_MARK, 0, max(0, len(tail) - END.size + len(END_MARK)))
    while place >= 0:
        yield place
        place = tail.rfind(END_MARK, 0, place)


def _comment_end(tail: bytes, place: int) -> int:
    (num_comment,) = struct.unpack_from("<H", tail, place + END.size - 2)
    return place + END.size + num_comment


def _end64(file: BinaryIO, end: int) -> tuple[int, int, int, int, int] | None:
    """Place of the end; disk, entries, bytes and offset of the directory, too large for the old record."""
    if end < LOCATOR.size:
        return None
    file.seek(end - LOCATOR.size)
    mark, _, told, _ = LOCATOR.unpack(file.read(LOCATOR.size))
    if mark != LOCATOR_MARK:
        return None
    for place in (end - LOCATOR.size - END64.size, told):
        if 0 <= place <= end - LOCATOR.size - END64.size:
            file.seek(place)
            mark, _, _, _, disk, _, _, count, directory_bytes, offset = END64.unpack(file.read(END64.size))
            if mark == END64_MARK:
                return place, disk, count, directory_bytes, offset
    refuse("its directory is cut off")


def refuse(reason: str) -> NoReturn:
    raise ArchiveIsCorrupt(f"not a ZIP file, or a cut-off or damaged one: {reason}")
