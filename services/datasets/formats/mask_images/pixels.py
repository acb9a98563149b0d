"""The pixels of a mask: numbers or colours as they are stored, never more of them than its image has."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from libs.common.errors import BadInput, ModelyardError
from libs.tasks.images import (
    FORMATS,
    MAX_PIXELS,
    ImageIsTooLarge,
    ImageIsUnreadable,
)

# What a JPEG or WebP stores is near to the values that it was given; a class is no matter of being near.
EXACT_KINDS = frozenset({"PNG", "BMP", "GIF", "TIFF", "PPM"})
VALUES = frozenset({"1", "L", "LA", "P", "PA", "I", "I;16", "I;16B", "I;16L", "I;16N"})
COLOURS = frozenset({"RGB", "RGBA"})
# More are no classes but a picture.
MOST_VALUES = 256


class MaskIsNoMask(BadInput):
    code, title = "mask_invalid", "This image cannot be a mask"


class MaskIsOfOtherSize(BadInput):
    code, title = "mask_size", "The mask has another size than its image"


def read_mask(data: bytes, size: tuple[int, int] | None, *, as_colours: bool) -> np.ndarray:
    """[height, width] of values, upright, or [height, width, 3] where the mask is coloured.

    The header is judged before anything is decoded: `size` is the width and height of the upright image.
    With `as_colours` also indices of a palette become what they stand for.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            _check(opened, size)
            opened.load()
            upright = ImageOps.exif_transpose(opened) or opened
            _check_size(upright.size, size)
            return _pixels(upright, as_colours)
    except UnidentifiedImageError as error:
        raise ImageIsUnreadable("not an image of a known kind") from error
    except ModelyardError:
        raise
    except Exception as error:
        # Hostile bytes break decoders in ways of their own.
        raise ImageIsUnreadable(f"a broken image: {error}") from error


def distinct(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[height, width] of numbers, and which there are: a colour is red, green and blue as one number.

    Raises MaskIsNoMask.
    """
    if pixels.ndim == 3:
        numbers = pixels[:, :, 0].astype(np.uint32)
        for channel in (1, 2):
            numbers <<= 8
            numbers |= pixels[:, :, channel]
        pixels = numbers
    values = np.unique(pixels)
    if len(values) > MOST_VALUES:
        raise MaskIsNoMask(f"{len(values)} different values; a mask has {MOST_VALUES} at most")
    if values[0] < 0:
        raise MaskIsNoMask("a value below 0")
    return pixels, values


def _check(opened: Image.Image, size: tuple[int, int] | None) -> None:
    # Which way it lies would only be known after all of it was decoded: PNG may say so at its end.
    if size is not None and opened.size != size[::-1]:
        _check_size(opened.size, size)
    width, height = opened.size
    if width * height > MAX_PIXELS:
        raise ImageIsTooLarge(f"{width}×{height} pixels; {MAX_PIXELS} are the limit")
    if opened.format not in EXACT_KINDS:
        raise MaskIsNoMask(f"a {opened.format} does not keep values exactly; masks are PNG, BMP, GIF or TIFF")
    if opened.mode not in VALUES | COLOURS:
        raise MaskIsNoMask(f"pixels of the kind {opened.mode} are no classes")


def _check_size(found: tuple[int, int], size: tuple[int, int] | None) -> None:
    if size is not None and found != size:
        wanted = f"{size[0]}×{size[1]}"
        raise MaskIsOfOtherSize(f"a mask of {found[0]}×{found[1]} on an image of {wanted} pixels")


def _pixels(image: Image.Image, as_colours: bool) -> np.ndarray:
    """Without transparency, which says nothing about classes."""
    if as_colours and image.mode in ("P", "PA"):
        image = image.convert("RGB")
    pixels = np.asarray(image)
    if pixels.ndim == 3:
        pixels = pixels[:, :, :3] if image.mode in COLOURS else pixels[:, :, 0]
    return pixels.astype(np.uint8) if pixels.dtype == bool else pixels


def is_grey(pixels: np.ndarray) -> bool:
    """Of colours: whether they are shades of grey, each the same in red, green and blue."""
    return bool((pixels[:, :, 0] == pixels[:, :, 1]).all() and (pixels[:, :, 1] == pixels[:, :, 2]).all())
