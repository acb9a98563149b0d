"""Encoded images of every format that is read, and of some that are not."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from libs.tasks.images import FORMATS, ImageIsTooLarge, ImageIsUnreadable, read_image, read_pixels

ORIENTATION = 0x0112


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def picture(width: int = 9, height: int = 6) -> Image.Image:
    return Image.fromarray(np.full((height, width, 3), (200, 100, 50), np.uint8))


@pytest.mark.parametrize("format", [*FORMATS, "MPO"])
def test_every_format_becomes_rgb(format: str):
    pixels = read_pixels(encoded(picture(), format))
    assert pixels.shape == (6, 9, 3)
    assert np.abs(pixels.astype(int) - (200, 100, 50)).max() <= 12  # palettes and lossy formats


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I", "F"])
def test_every_mode_becomes_rgb(mode: str):
    assert read_image(encoded(picture().convert(mode), "TIFF")).mode == "RGB"


def test_sixteen_bits_are_scaled_to_eight():
    grey = Image.fromarray(np.array([[0, 32768, 65535]], np.uint16))
    assert read_pixels(encoded(grey))[0, :, 0].tolist() == [0, 127, 255]


def test_a_turned_photograph_stands_upright():
    turned = picture()
    turned.getexif()[ORIENTATION] = 6
    assert read_image(encoded(turned, "JPEG", exif=turned.getexif())).size == (6, 9)


@pytest.mark.parametrize(
    "data", [b"", b"words", encoded(picture())[:40], encoded(picture(), "ICO"), encoded(picture(), "EPS")]
)
def test_what_cannot_be_read_is_refused(data: bytes):
    with pytest.raises(ImageIsUnreadable):
        read_image(data)


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(ImageIsTooLarge, match="20000×20000"):
        read_image(encoded(Image.new("1", (20_000, 20_000))))
