"""Encoded images of every format that is read, and of some that are not."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from libs.tasks.images import (
    FORMATS,
    ImageHasFrames,
    ImageIsTooLarge,
    ImageIsUnreadable,
    read_image,
    read_pixels,
    require_one_frame,
)

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


JPEGS = {
    "4:2:0": {"quality": 90, "subsampling": 2},
    "4:2:2": {"quality": 75, "subsampling": 1},
    "4:4:4": {"quality": 95, "subsampling": 0},
    "progressive": {"quality": 85, "progressive": True},
    "coarse": {"quality": 5},
}


def scene(width: int, height: int) -> Image.Image:
    """Edges, slopes and noise: nothing that two decoders could agree on by chance."""
    y, x = np.mgrid[0:height, 0:width]
    slopes = np.stack((x * 255 / width, y * 255 / height, (x + y) % 40 * 6), axis=-1)
    noise = np.random.default_rng(0).normal(0, 10, (height, width, 1))
    edges = 60 * (((x // 24) + (y // 24)) % 2)[..., None]
    return Image.fromarray((slopes * 0.7 + edges + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (64, 64), (131, 77)])
@pytest.mark.parametrize("name", JPEGS)
def test_jpegs_are_read_to_the_pixel_as_pillow_reads_them(name: str, size: tuple[int, int]):
    for mode in ("RGB", "L", "CMYK"):
        data = encoded(scene(*size).convert(mode), "JPEG", **JPEGS[name])
        assert (read_pixels(data) == np.asarray(read_image(data))).all()


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("format", ["JPEG", "MPO", "PNG", "WEBP"])
def test_every_orientation_stands_upright_as_pillow_turns_it(format: str, orientation: int):
    turned = scene(48, 32)
    turned.getexif()[ORIENTATION] = orientation
    data = encoded(turned, format, exif=turned.getexif())
    whole = read_pixels(data)
    assert whole.shape == ((48, 32, 3) if orientation in (5, 6, 7, 8) else (32, 48, 3))
    assert (whole == np.asarray(read_image(data))).all()
    if format == "JPEG":
        half = read_pixels(data, (whole.shape[0] // 2, whole.shape[1] // 2))
        assert half.shape[:2] == (whole.shape[0] // 2, whole.shape[1] // 2)
        blocks = whole.reshape(half.shape[0], 2, half.shape[1], 2, 3).mean(axis=(1, 3))
        assert np.abs(half - blocks).mean() < 3, "the reduced picture is turned another way"


def test_a_jpeg_that_is_cut_off_or_damaged_meets_one_judge():
    """What the fast decoder finds flaws in, Pillow reads or refuses."""
    data = encoded(scene(64, 48), "JPEG")
    random = np.random.default_rng(0)
    damaged = [data[:end] for end in range(2, len(data), 97)]
    for _ in range(60):
        spoilt = bytearray(data)
        spoilt[int(random.integers(2, len(data)))] ^= int(random.integers(1, 256))
        damaged.append(bytes(spoilt))
    for each in damaged:
        try:
            expected = np.asarray(read_image(each))
        except ImageIsUnreadable:
            with pytest.raises(ImageIsUnreadable):
                read_pixels(each)
        else:
            assert (read_pixels(each) == expected).all()


@pytest.mark.parametrize(
    ("size", "at_least", "expected"),
    [
        ((640, 480), None, (480, 640)),
        ((640, 480), (240, 240), (240, 320)),
        ((640, 480), (241, 241), (480, 640)),
        ((640, 480), (60, 80), (60, 80)),
        ((640, 480), (1, 1), (60, 80)),
        ((642, 482), (100, 100), (241, 321)),
        ((641, 480), (100, 100), (480, 641)),
    ],
)
def test_a_jpeg_is_reduced_in_whole_parts_only(size, at_least, expected):
    assert read_pixels(encoded(scene(*size), "JPEG"), at_least).shape[:2] == expected


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(ImageIsTooLarge, match="20000×20000"):
        read_image(encoded(Image.new("1", (20_000, 20_000))))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_nobody_knows_which_is_meant(format: str):
    first, second = (Image.new("RGB", (8, 8), shade) for shade in ("red", "blue"))

    require_one_frame(encoded(first, format))
    with pytest.raises(ImageHasFrames, match="several frames"):
        require_one_frame(encoded(first, format, save_all=True, append_images=[second]))


def test_a_camera_may_put_a_preview_behind_its_photograph():
    photograph, preview = (Image.new("RGB", (8, 8), shade) for shade in ("red", "blue"))

    require_one_frame(encoded(photograph, "MPO", save_all=True, append_images=[preview]))
