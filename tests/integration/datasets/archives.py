"""Images and archives for imports, good and bad."""

import io
import random
import struct
import zipfile
from collections.abc import Mapping

from PIL import Image

from libs.common.ids import new_id

ORIENTATION = 0x0112
# General purpose flags of a ZIP entry.
ENCRYPTED = 0x0001
UTF8 = 0x0800


def image(seed: int = 0, width: int = 8, height: int = 8, kind: str = "PNG") -> bytes:
    """Noise: the same for the same seed, and nothing that shrinks."""
    pixels = random.Random(seed).randbytes(width * height * 3)
    buffer = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(buffer, kind)
    return buffer.getvalue()


def turned_image(width: int, height: int) -> bytes:
    """Red to the left of blue when shown; stored lying on its side."""
    shown = Image.new("RGB", (width, height), "blue")
    shown.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    buffer = io.BytesIO()
    shown.rotate(90, expand=True).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def archive(files: Mapping[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as file:
        for path, content in files.items():
            file.writestr(path, content)
    return buffer.getvalue()


def class_folders(per_class: Mapping[str, int], *, width: int = 8, height: int = 8) -> bytes:
    """Another picture each, in this archive and in all others."""
    files = {
        f"{label}/{number}.png": image(new_id().int, width, height)
        for label, count in per_class.items()
        for number in range(count)
    }
    return archive(files)


def without_utf8_flags(content: bytes) -> bytes:
    return _flagged(content, clear=UTF8)


def encrypted(content: bytes) -> bytes:
    """Only said to be so; nobody looks further."""
    return _flagged(content, set_=ENCRYPTED)


def _flagged(content: bytes, set_: int = 0, clear: int = 0) -> bytes:
    """With these bits in the general purpose flags of every entry, in its header and in the directory."""
    changed = bytearray(content)
    for mark, distance in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.find(mark)
        while place >= 0:
            (flags,) = struct.unpack_from("<H", changed, place + distance)
            struct.pack_into("<H", changed, place + distance, flags & ~clear | set_)
            place = changed.find(mark, place + 4)
    return bytes(changed)
