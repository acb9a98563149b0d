"""The run-length code of masks: exact both ways, and safe from what strangers write."""

import subprocess
import sys

import numpy as np
import pytest
import shapely
from faster_coco_eval.core import mask as coco
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from libs.common.contracts.annotations import MaskAnnotation
from services.datasets.formats.masks import (
    MaskIsMalformed,
    area_of,
    array_of,
    box_of,
    compressed,
    counts_of,
    mask_of,
    mask_of_parts,
    outline,
    rle_of,
)

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))
pictures = arrays.arrays(np.uint8, shapes, elements=st.integers(0, 1))


@given(pictures)
def test_a_mask_comes_back_pixel_by_pixel(pixels: np.ndarray) -> None:
    assert (array_of(mask_of(pixels, "a")) == pixels).all()


@given(pictures)
def test_area_and_box_are_those_of_the_library(pixels: np.ndarray) -> None:
    height, width = pixels.shape
    code = {"size": [height, width], "counts": rle_of(pixels)}
    counts = counts_of(rle_of(pixels), width, height)

    assert area_of(counts) == int(coco.area(code)) == int(pixels.sum())
    if pixels.any():
        rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
        left, top = int(columns[0]), int(rows[0])
        assert box_of(counts, height) == (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


@given(pictures)
def test_plain_counts_say_the_same(pixels: np.ndarray) -> None:
    height, width = pixels.shape
    counts = counts_of(rle_of(pixels), width, height)

    assert compressed(counts.tolist(), width, height) == rle_of(pixels)


@given(pictures)
def test_an_outline_goes_along_the_edges_of_pixels(pixels: np.ndarray) -> None:
    drawn = outline(mask_of(pixels, "a"))

    assert drawn.is_valid
    assert drawn.area == pixels.sum()
    for row, column in np.ndindex(pixels.shape):
        assert drawn.contains(shapely.Point(column + 0.5, row + 0.5)) == bool(pixels[row, column])


def test_a_polygon_becomes_the_pixels_inside_it() -> None:
    part = ((1.0, 1.0), (4.0, 1.0), (4.0, 4.0), (1.0, 4.0))
    mask = MaskAnnotation(label="a", width=6, height=5, rle=mask_of_parts([part], 6, 5))

    assert array_of(mask).sum() == 9
    assert array_of(mask)[1:4, 1:4].all()


@given(st.text(max_size=30), st.integers(1, 40), st.integers(1, 40))
def test_a_code_of_any_text_is_a_mask_or_malformed(rle: str, width: int, height: int) -> None:
    try:
        pixels = array_of(MaskAnnotation(label="a", width=width, height=height, rle=rle))
    except MaskIsMalformed:
        return
    assert pixels.shape == (height, width)
    library = coco.decode({"size": [height, width], "counts": rle})
    assert (library == pixels).all()


@given(st.text(st.characters(min_codepoint=48, max_codepoint=111), max_size=12), shapes)
def test_what_is_taken_for_a_mask_the_library_reads_alike(rle: str, size: tuple[int, int]) -> None:
    height, width = size
    try:
        counts = counts_of(rle, width, height)
    except MaskIsMalformed:
        return
    assert coco.area({"size": [height, width], "counts": rle}) == area_of(counts)


numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(0, 9),
    st.floats(),
    st.booleans(),
    st.text(max_size=3),
    st.none(),
)


@given(st.lists(numbers, max_size=8), shapes)
def test_plain_counts_of_anything_are_a_mask_or_malformed(
    counts: list[object], size: tuple[int, int]
) -> None:
    height, width = size
    try:
        rle = compressed(counts, width, height)
    except MaskIsMalformed:
        return
    assert counts_of(rle, width, height).sum() == width * height


@pytest.mark.parametrize(
    ("rle", "width", "height"),
    [
        ("", 3, 3),
        ("9", 3, 4),
        ("P", 3, 3),
        ("é", 3, 3),
        ("oooooooooooo0", 3, 3),
        ("0", 100_000, 100_000),
        ("O:", 3, 3),
    ],
)
def test_a_broken_code_is_named(rle: str, width: int, height: int) -> None:
    with pytest.raises(MaskIsMalformed):
        counts_of(rle, width, height)


def test_no_code_ends_the_interpreter() -> None:
    """In a process of its own, where a crash of the library would show as its end."""
    program = """
import random
from services.datasets.formats.masks import MaskIsMalformed, compressed, counts_of, mask_of_parts
rng = random.Random(0)
characters = [chr(code) for code in range(128)] + ["é", "\\udc80", "𝔸"]
for _ in range(20_000):
    rle = "".join(rng.choices(characters[48:112] if rng.random() < 0.8 else characters, k=rng.randrange(12)))
    counts = [rng.choice([0, 1, 5, -1, 2**31, 2**63, 2**64, 1.5, None]) for _ in range(rng.randrange(5))]
    for read, given in ((counts_of, rle), (compressed, counts)):
        try:
            read(given, rng.choice([1, 3, 2**31]), rng.choice([1, 4, 2**40]))
        except MaskIsMalformed:
            pass
print("alive")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)

    assert (ended.returncode, ended.stdout) == (0, "alive\n"), ended.stderr[-2000:]
