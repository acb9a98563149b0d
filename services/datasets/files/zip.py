"""A ZIP from a stranger: its directory is judged first, then each entry is read where it lies."""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from services.datasets.files.entry import Entry, EntryIsDamaged
from services.datasets.files.index import STORED, Index
from services.datasets.files.kept import Kept
from services.datasets.files.reading import (
    as_stream,
    check_sample,
    damage_named,
    pieces_of,
    read_exactly,
    unpacked,
)
from services.datasets.files.zip_directory import LOCAL_HEADER_BYTES, read_directory
from services.datasets.files.zip_methods import DEFLATED, checked, compare, inflated, unpack
from services.datasets.settings import ArchiveLimits

LOCAL_HEADER_MARK = b"PK\x03\x04"


class ZipFiles:
    """Raises one of the named archive errors when opened.

    Not zipfile's: a million of its entries take 600 MB in each process, and it unpacks bzip2 and LZMA
    without a limit.
    """

    def __init__(self, path: Path, limits: ArchiveLimits, kept: Kept) -> None:
        index = kept.path("index", lambda target: read_directory(path, limits).write(target))
        self._index = Index(index, has_checksums=True)
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._limits = limits
        self._kept = kept

    def entries(self) -> list[Entry]:
        return self._index.entries

    def folders(self) -> list[str]:
        return self._index.folders

    def read(self, entry: Entry) -> bytes:
        size_bytes, packed_bytes, method, checksum = self._told(entry)
        check_sample(size_bytes, self._limits)
        if method not in (STORED, DEFLATED) or packed_bytes > self._limits.max_entry_bytes:
            return b"".join(self._pieces(entry))
        with damage_named():
            data = read_exactly(self._file, packed_bytes, self._start(entry))
            data = inflated(data, size_bytes) if method == DEFLATED else data
        compare(len(data), zlib.crc32(data), size_bytes, checksum)
        return data

    def open(self, entry: Entry) -> BinaryIO:
        return as_stream(self._pieces(entry))

    def local(self, entry: Entry) -> Path:
        return unpacked(self, entry, self._kept, self._limits)

    def close(self) -> None:
        os.close(self._file)

    def _told(self, entry: Entry) -> tuple[int, int, int, int]:
        """Size, packed size, method, checksum."""
        index, number = self._index, entry.number
        return (
            int(index.sizes[number]),
            int(index.packed[number]),
            int(index.methods[number]),
            int(index.checksums[number]),
        )

    def _pieces(self, entry: Entry) -> Iterator[bytes]:
        size_bytes, packed_bytes, method, checksum = self._told(entry)
        with damage_named():
            packed = pieces_of(self._file, packed_bytes, self._start(entry))
            yield from checked(unpack(method, packed, size_bytes), size_bytes, checksum)

    def _start(self, entry: Entry) -> int:
        """Of the content: behind a header whose length is only told there."""
        offset = int(self._index.offsets[entry.number])
        header = read_exactly(self._file, LOCAL_HEADER_BYTES, offset)
        if not header.startswith(LOCAL_HEADER_MARK):
            raise EntryIsDamaged("cannot be unpacked: its header is damaged")
        num_name, num_extra = struct.unpack_from("<2H", header, 26)
        return offset + LOCAL_HEADER_BYTES + num_name + num_extra
