"""The ways in which a ZIP packs an entry, undone piece by piece: no piece is larger than was asked for."""

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from itertools import chain

from services.datasets.files.entry import EntryIsDamaged
from services.datasets.files.index import STORED
from services.datasets.files.reading import PIECE_BYTES

DEFLATED, BZIP2, LZMA = 8, 12, 14
NAMES = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 96: "JPEG", 98: "PPMd"}
SMALLEST_DICTIONARY = 4096


def inflated(packed: bytes, size_bytes: int) -> bytes:
    """All at once; a little more than `size_bytes` where the stream does not end with them."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size_bytes + 1)


def unpack(method: int, packed: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Lazily: what is wrong with the stream is raised where it stands."""
    if method == STORED:
        return packed
    if method == DEFLATED:
        return _inflate(packed)
    if method == BZIP2:
        return decompress(bz2.BZ2Decompressor(), packed)
    if method == LZMA:
        return _unpack_lzma(packed, size_bytes)
    shown = NAMES.get(method, f"method {method}")
    raise EntryIsDamaged(f"packed by {shown}; Deflate, bzip2 and LZMA can be unpacked")


def checked(pieces: Iterator[bytes], size_bytes: int, checksum: int) -> Iterator[bytes]:
    """Raises EntryIsDamaged at the first byte too many, and at the end for one too few or another one."""
    found, counted = 0, 0
    for piece in pieces:
        found += len(piece)
        counted = zlib.crc32(piece, counted)
        if found > size_bytes:
            break
        yield piece
    compare(found, counted, size_bytes, checksum)


def compare(found_bytes: int, counted: int, size_bytes: int, checksum: int) -> None:
    if found_bytes > size_bytes:
        raise EntryIsDamaged(f"unpacks to more than the {size_bytes} bytes that the archive says")
    if found_bytes < size_bytes:
        raise EntryIsDamaged(f"unpacks to {found_bytes} bytes; the archive says {size_bytes}")
    if counted != checksum:
        raise EntryIsDamaged("its checksum is not that of the archive")


def decompress(
    decompressor: bz2.BZ2Decompressor | lzma.LZMADecompressor, packed: Iterator[bytes]
) -> Iterator[bytes]:
    """Up to the end of the stream; the decompressor knows what came behind it."""
    for data in packed:
        yield decompressor.decompress(data, PIECE_BYTES)
        while not decompressor.eof and not decompressor.needs_input:
            yield decompressor.decompress(b"", PIECE_BYTES)
        if decompressor.eof:
            return


def _inflate(packed: Iterator[bytes]) -> Iterator[bytes]:
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    for data in packed:
        while data and not inflating.eof:
            yield inflating.decompress(data, PIECE_BYTES)
            data = inflating.unconsumed_tail
    yield inflating.flush()


def _unpack_lzma(packed: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """A version, the length of the properties, the properties, the raw stream."""
    first = next(packed, b"")
    (length,) = struct.unpack_from("<H", first, 2)
    place, dictionary = struct.unpack_from("<BL", first, 4)
    if length != 5 or place >= 9 * 5 * 5:
        raise EntryIsDamaged("cannot be unpacked: its LZMA properties are none")
    properties = {
        "id": lzma.FILTER_LZMA1,
        # What a stranger says would be reserved; more than the content is never needed.
        "dict_size": max(min(dictionary, size_bytes), SMALLEST_DICTIONARY),
        "lc": place % 9,
        "lp": place // 9 % 5,
        "pb": place // 45,
    }
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[properties])
    return decompress(decompressor, chain([first[9:]], packed))
