"""How the console reads and paints masks, in a real Chromium."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco
from playwright.sync_api import Browser, Page

from tests.e2e.components import FOLDER

DECODE = """([masks]) => masks.map(({ rle, width, height }) => {
    const ends = maskEnds({ rle, width, height }), on = []
    for (let place = 0; place < width * height; place++) if (maskHolds(ends, place)) on.push(place)
    return on
})"""


@pytest.fixture
def codec(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    for name in ("elements", "overlay", "masks"):
        page.add_script_tag(content=(FOLDER / f"{name}.js").read_text())
    yield page
    page.close()


def encoded(pixels: np.ndarray) -> dict[str, Any]:
    counts = coco.encode(np.asfortranarray(pixels.astype(np.uint8)))["counts"]
    text = counts.decode() if isinstance(counts, bytes) else counts
    return {"rle": text, "width": pixels.shape[1], "height": pixels.shape[0]}


def test_masks_are_read_as_their_own_library_wrote_them(codec: Page):
    random = np.random.default_rng(0)
    shapes = [(1, 1), (1, 40), (40, 1), (7, 13), (64, 48), (300, 200)]
    masks = [random.random(shape) < share for shape in shapes for share in (0, 0.02, 0.5, 0.98, 1)]
    large = np.zeros((500, 700), bool)
    large[100:400, 50:600] = True
    masks.append(large)
    decoded = codec.evaluate(DECODE, [[encoded(pixels) for pixels in masks]])
    for pixels, found in zip(masks, decoded, strict=True):
        assert found == np.flatnonzero(pixels.ravel(order="F")).tolist()


@pytest.mark.parametrize("rle", ["", "~", "\x00\uffff", "PPPPPPPPPPPPPPPPPP", "o" * 50, "1" * 10_000])
def test_a_code_that_is_none_ends_at_the_mask(codec: Page, rle: str):
    ends = codec.evaluate("rle => [...maskEnds({ rle, width: 5, height: 4 })]", rle)
    assert ends == sorted(ends)
    assert all(0 <= end <= 20 for end in ends)


def test_a_large_mask_is_painted_where_it_is_though_smaller(codec: Page):
    """3,000 × 2,000 pixels with the right upper quarter on."""
    pixels = np.zeros((2000, 3000), bool)
    pixels[:1000, 1500:] = True
    painted = codec.evaluate(
        """(mask) => {
            const canvas = document.createElement("canvas")
            const shown = { ...mask, ends: maskEnds(mask), color: toneBytes(0), alpha: 255 }
            paintMasks(canvas, mask.width, mask.height, [shown])
            const at = (x, y) => canvas.getContext("2d")
                .getImageData(x * canvas.width, y * canvas.height, 1, 1).data[3]
            return [canvas.width, at(0.75, 0.25), at(0.25, 0.25), at(0.75, 0.75), at(0.51, 0.01)]
        }""",
        encoded(pixels),
    )
    assert painted == [1024, 255, 0, 0, 255]
