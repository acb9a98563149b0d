"""JPEG files as arrays by libjpeg-turbo's own interface: the pixels that Pillow gives, two to three times
as fast, and at a reduced scale where that is enough."""

import numpy as np
import simplejpeg
from PIL import Image

# Of Pillow's names: a JPEG of several pictures (MPO) begins with the one that is meant.
KINDS = ("JPEG", "MPO")
MODES = ("RGB", "L")
FACTORS = (8, 4, 2)
FULL = 0, 0


def can_decode(opened: Image.Image) -> bool:
    """What Pillow has read of the header says it; colours of print (CMYK) are left to Pillow."""
    return opened.format in KINDS and opened.mode in MODES


def decode(data: bytes, at_least: tuple[int, int] = FULL) -> np.ndarray | None:
    """uint8 [height, width, 3], in the smallest scale of so many pixels; without them in full.

    None for what is not flawless: let Pillow judge it.
    """
    try:
        return simplejpeg.decode_jpeg(data, "RGB", min_height=at_least[0], min_width=at_least[1])
    except ValueError:
        return None


def reduced(height: int, width: int, at_least: tuple[int, int]) -> tuple[int, int]:
    """The smallest scale of an image that leaves so many pixels (height, width); 0, 0 where none does.

    Only whole parts: where a side is rounded all edges move, and the resized picture with them.
    """
    fitting = (
        (height // factor, width // factor)
        for factor in FACTORS
        if height % factor == width % factor == 0
        and height // factor >= at_least[0]
        and width // factor >= at_least[1]
    )
    return next(fitting, FULL)
