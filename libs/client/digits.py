"""scikit-learn's handwritten digits, written out as a ZIP of class folders: real data without a download."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

SIDE = 32  # from 8×8, so that a person can see them
HELD_OUT = 60


@dataclass(frozen=True)
class HeldOut:
    """A digit no run ever sees."""

    png: bytes
    label: str


def write_digits(path: Path) -> list[HeldOut]:
    """1,737 digits go into the ZIP at `path`; the last 60 stay outside and are returned."""
    digits: Any = load_digits()
    images = [_png(image) for image in digits.images]
    labels = [str(target) for target in digits.target]
    with zipfile.ZipFile(path, "w") as archive:
        for row, (png, label) in enumerate(zip(images[:-HELD_OUT], labels[:-HELD_OUT], strict=True)):
            archive.writestr(f"digits/{label}/{row:04}.png", png)
    return [HeldOut(png, label) for png, label in zip(images[-HELD_OUT:], labels[-HELD_OUT:], strict=True)]


def _png(image: np.ndarray) -> bytes:
    """`image`: [8, 8] floats in 0..16."""
    pixels = (image * (255 / 16)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()
