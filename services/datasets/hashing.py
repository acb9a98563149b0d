"""The perceptual hash of an image: near-duplicates differ in few of its 64 bits.

pHash after C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010): the lowest
frequencies of a small grey picture against their median. Resizing, compression and slight changes of colour
leave it almost as it is.
"""

import numpy as np
from PIL import Image

SIDE = 32
FREQUENCIES = 8


def _cosines() -> np.ndarray:
    """[frequency, position]: the rows of the discrete cosine transform that are needed."""
    frequency, position = np.ogrid[:FREQUENCIES, :SIDE]
    return np.cos(np.pi * frequency * (2 * position + 1) / (2 * SIDE)).astype(np.float32)


COSINES = _cosines()


def perceptual_hash(image: Image.Image) -> int:
    """64 bits as a signed number, as PostgreSQL counts."""
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    spectrum = (COSINES @ np.asarray(grey, dtype=np.float32) @ COSINES.T).ravel()
    # The first is the brightness, which says nothing about what is seen.
    bits = spectrum > np.median(spectrum[1:])
    return int(np.packbits(bits).view(">i8")[0])
