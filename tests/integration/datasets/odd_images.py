"""Images that are rare, and images that are none, as files."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from tests.integration.datasets.archives import ORIENTATION, image

WIDTH, HEIGHT = 40, 24
HUGE = 50_000
# Red to the left, blue to the right, when shown upright.
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def shown() -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), "blue")
    picture.paste("red", (0, 0, WIDTH // 2, HEIGHT))
    return picture


def rare() -> dict[str, bytes]:
    """All show the same, in so far as they have colours."""
    picture = shown()
    grey = np.tile(np.repeat(np.array([60_000, 3_000], np.uint16), WIDTH // 2), (HEIGHT, 1))
    one_bit = Image.fromarray(np.asarray(picture.convert("L")) > 50)
    later = Image.new("RGB", (WIDTH, HEIGHT), "green")
    found = {
        "cmyk.jpg": _saved(picture.convert("CMYK"), "JPEG"),
        "cmyk.tif": _saved(picture.convert("CMYK"), "TIFF"),
        "16-bit.png": _saved(Image.fromarray(grey), "PNG"),
        "palette.png": _saved(picture.quantize(4), "PNG"),
        "transparent.png": _saved(picture.convert("RGBA"), "PNG"),
        "one-bit.png": _saved(one_bit, "PNG"),
        "animated.gif": _saved(picture, "GIF", save_all=True, append_images=[later, picture], duration=50),
        "animated.webp": _saved(picture, "WEBP", save_all=True, append_images=[later], lossless=True),
        "animated.png": _saved(picture, "PNG", save_all=True, append_images=[later]),
        "progressive.jpg": _saved(picture, "JPEG", progressive=True),
    }
    return found | {f"turned-{number}.jpg": _turned(number) for number in TURNS}


def none() -> dict[str, tuple[bytes, str, str]]:
    """Bytes, the code, and a word of the reason."""
    jpeg, png = image(901, 64, 64, "JPEG"), image(902, 64, 64)
    return {
        "huge.png": (huge_png(), "image_too_large", "50000×50000"),
        "huge.jpg": (huge_jpeg(), "image_too_large", "50000×50000"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "image_unreadable", "truncated"),
        "cut.png": (png[: len(png) // 2], "image_unreadable", "truncated"),
        "cut-in-the-header.png": (png[:20], "image_unreadable", ""),
        "damaged.png": (png[:200] + bytes(100) + png[300:], "image_unreadable", "broken"),
        "empty.png": (b"", "image_unreadable", "not an image"),
        "text.png": (b"hello", "image_unreadable", "not an image"),
        "page.jpg": (b"<!doctype html><title>404</title>", "image_unreadable", "not an image"),
        "program.png": (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "image_unreadable",
            "not an image",
        ),
        "archive.png": (b"PK\x03\x04" + bytes(100), "image_unreadable", "not an image"),
        "unpacks.png": (_chatty_png(), "image_unreadable", ""),
    }


def huge_png() -> bytes:
    """All of its rows are there, packed a thousand times smaller: a decoder would need 7.5 GB."""
    rows = zlib.compress(bytes(2**20), 9)
    header = struct.pack(">2L5B", HUGE, HUGE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _png_part(*part) for part in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )


def huge_jpeg() -> bytes:
    content = bytearray(image(903, 64, 64, "JPEG"))
    place = content.index(b"\xff\xc0")
    struct.pack_into(">2H", content, place + 5, HUGE, HUGE)
    return bytes(content)


def _chatty_png() -> bytes:
    """A text of 200 MB beside the pixels, packed."""
    png = image(904)
    text = _png_part(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200 * 2**20), 9))
    return png[:33] + text + png[33:]


def _png_part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def _turned(number: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = number
    turn = TURNS[number]
    picture = shown()
    return _saved(picture if turn is None else picture.transpose(turn), "JPEG", exif=exif, quality=95)


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
