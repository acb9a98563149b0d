"""Encoded images as pixels: upright, RGB, eight bits; header first, so that a bomb never goes off."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from libs.common.errors import BadInput

MAX_PIXELS = 100_000_000
# Only what Pillow decodes by itself: other plug-ins start programs (EPS) or read what they are told to.
# JPEG also opens the multi-picture files of cameras.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
# The reader of this module checks sizes itself, before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


# What Pillow's decoders raise for bytes that are not what they claim to be.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error)


class ImageIsUnreadable(BadInput):
    code, title = "image_unreadable", "This is no image that can be read"


class ImageIsTooLarge(BadInput):
    code, title = "image_too_large", "The image has too many pixels"


def read_image(data: bytes) -> Image.Image:
    """The first frame, upright and RGB; 16-bit greys are scaled, transparency is laid on black."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise ImageIsTooLarge(f"{opened.width}×{opened.height} pixels; {MAX_PIXELS} are the limit")
            opened.load()
            return _rgb(ImageOps.exif_transpose(opened) or opened)
    except UnidentifiedImageError as error:
        raise ImageIsUnreadable("not an image of a known kind") from error
    except BROKEN as error:
        raise ImageIsUnreadable(f"a broken image: {error}") from error


def read_pixels(data: bytes) -> np.ndarray:
    """uint8 [height, width, 3]."""
    return np.asarray(read_image(data))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float64)
        high = 65535.0 if image.mode.startswith("I") else max(float(values.max()), 1.0)
        image = Image.fromarray((values * (255.0 / high)).clip(0, 255).astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")
