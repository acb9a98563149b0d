"""A compressed file as a stream, told by its first bytes; unpacked to disk once and within limits."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO

from services.datasets.errors import ArchiveIsCorrupt
from services.datasets.files.limits import check_ratio, check_unpacked
from services.datasets.files.reading import PIECE_BYTES
from services.datasets.files.zip_methods import decompress
from services.datasets.settings import ArchiveLimits

# What `xz -9` needs, four times; the format allows 4 GiB.
XZ_MEMORY_BYTES = 256 * 2**20
DAMAGED = (zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


class Compression(StrEnum):
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTANDARD = "Zstandard"


def compression_of(head: bytes) -> Compression | None:
    if head.startswith(b"\x1f\x8b\x08"):
        return Compression.GZIP
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return Compression.BZIP2
    if head.startswith(b"\xfd7zXZ\x00"):
        return Compression.XZ
    # A frame, or one to skip that parallel packers put in front.
    is_skippable = head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5
    if head.startswith(b"\x28\xb5\x2f\xfd") or is_skippable:
        return Compression.ZSTANDARD
    return None


def beginning(path: Path, compression: Compression, size_bytes: int) -> bytes:
    """Raises ArchiveIsCorrupt, as all below do."""
    with closing(_pieces(path, compression)) as pieces:
        return next(pieces, b"")[:size_bytes]


def write_unpacked(path: Path, compression: Compression, limits: ArchiveLimits, target: BinaryIO) -> None:
    """Raises ArchiveIsBomb at the first piece too many."""
    packed_bytes, size_bytes = path.stat().st_size, 0
    with closing(_pieces(path, compression)) as pieces:
        for piece in pieces:
            size_bytes += len(piece)
            check_unpacked(size_bytes, limits)
            check_ratio(size_bytes, packed_bytes, limits)
            target.write(piece)


def _pieces(path: Path, compression: Compression) -> Generator[bytes]:
    try:
        yield from filter(None, OPENED[compression](path))
    except DAMAGED as error:
        raise ArchiveIsCorrupt(f"cannot be unpacked with {compression}: {error}") from error


def _gzip(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as stream:
        yield from iter(partial(stream.read, PIECE_BYTES), b"")


def _bzip2(path: Path) -> Iterator[bytes]:
    with bz2.open(path) as stream:
        yield from iter(partial(stream.read, PIECE_BYTES), b"")


def _xz(path: Path) -> Iterator[bytes]:
    """Streams one after another, as parallel packers write them; `lzma.open` knows no limit of memory."""
    with path.open("rb") as file:
        data = file.read(PIECE_BYTES)
        while data:
            decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY_BYTES)
            yield from decompress(decompressor, _from(data, file))
            if not decompressor.eof:
                raise EOFError("cut off")
            data = decompressor.unused_data.lstrip(b"\0") or file.read(PIECE_BYTES).lstrip(b"\0")


def _from(data: bytes, file: BinaryIO) -> Iterator[bytes]:
    yield data
    yield from iter(partial(file.read, PIECE_BYTES), b"")


def _zstandard(path: Path) -> Iterator[bytes]:
    # Half a second to import, and few need it.
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.CompressedInputStream(file, "zstd") as stream:
        yield from iter(partial(stream.read, PIECE_BYTES), b"")


OPENED: dict[Compression, Callable[[Path], Iterator[bytes]]] = {
    Compression.GZIP: _gzip,
    Compression.BZIP2: _bzip2,
    Compression.XZ: _xz,
    Compression.ZSTANDARD: _zstandard,
}
