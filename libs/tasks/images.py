"""Encoded images as pixels: upright, RGB, eight bits; header first, so that a bomb never goes off."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from libs.common.errors import BadInput
from libs.tasks import jpegs

MAX_PIXELS = 100_000_000
# Only what Pillow decodes by itself: other plug-ins start programs (EPS) or read what they are told to.
# JPEG also opens the multi-picture files of cameras.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
# The reader of this module checks sizes itself, before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


ORIENTATION = ExifTags.Base.Orientation
# Of these width and height are exchanged.
SIDEWAYS = (5, 6, 7, 8)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Of these kinds the bytes tell whether there are frames: opening one takes up to a quarter of its decoding.
JPEG_MARK, PNG_MARK = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
ANIMATION_CHUNK = b"acTL"
# What Pillow's decoders raise for bytes that are not what they claim to be.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error)


class ImageIsUnreadable(BadInput):
    code, title = "image_unreadable", "This is no image that can be read"


class ImageHasFrames(BadInput):
    code, title = "image_has_frames", "The image has more than one frame"


class ImageIsTooLarge(BadInput):
    code, title = "image_too_large", "The image has too many pixels"


@dataclass(frozen=True)
class Glance:
    """`width` and `height` of the upright image; `image` is it in RGB, made to fit a square."""

    width: int
    height: int
    kind: str
    image: Image.Image


def read_image(data: bytes) -> Image.Image:
    """The first frame, upright and RGB; 16-bit greys are scaled, transparency is laid on black."""
    with _opened(data) as opened:
        opened.load()
        return _rgb(ImageOps.exif_transpose(opened) or opened)


def require_one_frame(data: bytes) -> None:
    """Raises ImageHasFrames for animations and files of several pages.

    Cameras put previews behind a photograph (MPO): the first picture is the one that is meant.
    """
    if data.startswith(JPEG_MARK) or (data.startswith(PNG_MARK) and ANIMATION_CHUNK not in data):
        return
    with _opened(data) as opened:
        if getattr(opened, "is_animated", False) and opened.format != "MPO":
            raise ImageHasFrames(f"a {opened.format} of several frames: send the one that is meant")


def glance(data: bytes, side: int) -> Glance:
    """All of it decoded, so that a cut-off one is found; a JPEG at the scale that suffices: it is faster."""
    with _opened(data) as opened:
        kind, (width, height) = opened.format or "", opened.size
        if opened.mode in ("RGB", "L"):
            opened.draft(opened.mode, (2 * side, 2 * side))
        opened.load()
        if opened.getexif().get(ORIENTATION) in SIDEWAYS:
            width, height = height, width
        image = opened if opened.mode == "RGB" else _rgb(opened)
        image.thumbnail((side, side), reducing_gap=2.0)
        return Glance(width, height, kind, _upright(image, opened))


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """Raises ImageIsTooLarge before anything is decoded, ImageIsUnreadable for what is no image."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise ImageIsTooLarge(f"{opened.width}×{opened.height} pixels; {MAX_PIXELS} are the limit")
            yield opened
    except UnidentifiedImageError as error:
        raise ImageIsUnreadable("not an image of a known kind") from error
    except BROKEN as error:
        raise ImageIsUnreadable(f"a broken image: {error}") from error


def _upright(image: Image.Image, source: Image.Image) -> Image.Image:
    turn = TURNS.get(source.getexif().get(ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def read_pixels(data: bytes, at_least: tuple[int, int] | None = None) -> np.ndarray:
    """uint8 [height, width, 3], the pixels of `read_image`; may be a smaller picture where `at_least`
    (height, width) is enough."""
    with _opened(data) as opened:
        if jpegs.can_decode(opened):
            orientation = opened.getexif().get(ORIENTATION, 1)
            pixels = jpegs.decode(data, _smallest(opened, orientation, at_least))
            if pixels is not None:
                return _turned(pixels, orientation)
        opened.load()
        return np.array(_rgb(_upright(opened, opened)))


def _smallest(opened: Image.Image, orientation: int, at_least: tuple[int, int] | None) -> tuple[int, int]:
    if at_least is None:
        return jpegs.FULL
    height, width = at_least
    wanted = (width, height) if orientation in SIDEWAYS else (height, width)
    return jpegs.reduced(opened.height, opened.width, wanted)


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """As Pillow's transpositions do it."""
    if orientation not in TURNS:
        return pixels
    if orientation in SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    rows = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
    return np.ascontiguousarray(pixels[rows, columns])


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float64)
        high = 65535.0 if image.mode.startswith("I") else max(float(values.max()), 1.0)
        image = Image.fromarray((values * (255.0 / high)).clip(0, 255).astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")
