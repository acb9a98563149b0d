"""Perceptual hashes: what looks the same is near, what does not is far."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from services.datasets.hashing import perceptual_hash

BITS = 64
NEAR = 6


def photograph(seed: int) -> Image.Image:
    """Smooth areas of some colours, as a photograph has them."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return small.resize((256, 192), Image.Resampling.BICUBIC)


def distance(one: Image.Image, other: Image.Image) -> int:
    return ((perceptual_hash(one) ^ perceptual_hash(other)) & (2**BITS - 1)).bit_count()


def compressed(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=30)
    return Image.open(buffer)


CHANGES = {
    "compressed": compressed,
    "smaller": lambda image: image.resize((100, 75)),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "paler": lambda image: ImageEnhance.Color(image).enhance(0.5),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(5))
def test_a_changed_picture_stays_near(change: str, seed: int) -> None:
    image = photograph(seed)

    assert distance(image, CHANGES[change](image)) <= NEAR


def test_other_pictures_are_far() -> None:
    pictures = [photograph(seed) for seed in range(30)]

    distances = [distance(one, other) for one in pictures for other in pictures if one is not other]

    assert min(distances) > 2 * NEAR
    assert 24 < np.mean(distances) < 40


def test_a_hash_fits_postgresql_and_a_plain_picture_has_one() -> None:
    assert -(2**63) <= perceptual_hash(Image.new("RGB", (9, 5), "red")) < 2**63
