"""One sample large in a real Chromium, by itself: annotations, zoom, what stands beside."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.components import BOX, GATEWAY, TURNED, Mount, answer, mounting, tile, told

VIEW = ("sample_view", "gateway", "elements", "overlay", "masks", "picture", "side", "answer")


@pytest.fixture
def mount(browser: Browser) -> Iterator[Mount]:
    with mounting(browser, answer) as mount:
        yield mount


def view(*shapes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    sample = {**tile("s1", shapes=shapes), **changes}
    return {
        "url": GATEWAY, "sample": sample, "fields": [["camera", "north"]], "facts": [["SHA-256", "abc"]],
        "place": "2 of 9", "has_previous": True, "has_next": False, "neighbours": [],
        "answers": [], "classes": [],
    }  # fmt: skip


def test_hovering_an_annotation_lights_its_line_and_the_other_way_round(mount: Mount):
    page = mount(VIEW, view(BOX, TURNED))
    page.locator(".line").first.hover()
    expect(page.locator(".shape.lit")).to_have_attribute("data-place", "0")
    page.locator(".overlay .shape").nth(1).hover()
    expect(page.locator(".line.lit")).to_have_text("rotated 10 × 4, 90°")


def test_a_class_can_be_hidden(mount: Mount):
    page = mount(VIEW, view(BOX, TURNED))
    page.get_by_role("button", name="boat").click()
    expect(page.locator(".overlay .shape").nth(0)).to_be_hidden()
    expect(page.locator(".overlay .shape").nth(1)).to_be_visible()
    page.get_by_role("button", name="boat").click()
    expect(page.locator(".overlay .shape").nth(0)).to_be_visible()


def test_the_wheel_zooms_to_the_pointer_and_a_drag_pans(mount: Mount):
    page = mount(VIEW, view(BOX))
    expect(page.locator(".stage.loading")).to_have_count(0)
    shape = page.locator(".overlay .shape")
    before = shape.bounding_box()
    assert before is not None
    corner = (before["x"], before["y"])
    page.mouse.move(*corner)
    page.mouse.wheel(0, -400)
    after = shape.bounding_box()
    assert after is not None
    assert after["width"] == pytest.approx(before["width"] * np.e, rel=0.05)
    assert (after["x"], after["y"]) == pytest.approx(corner, abs=6)
    page.mouse.down()
    page.mouse.move(corner[0] + 40, corner[1] + 20)
    page.mouse.up()
    moved = shape.bounding_box()
    assert moved is not None
    assert (moved["x"] - after["x"], moved["y"] - after["y"]) == pytest.approx((40, 20), abs=2)
    page.keyboard.press("0")
    assert shape.bounding_box() == pytest.approx(before, abs=1)


def test_arrow_keys_turn_to_samples_that_there_are(mount: Mount):
    page = mount(VIEW, view(BOX))
    expect(page.locator(".stage")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert told(page) == [["moved", "previous"]]
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


def test_an_image_that_no_browser_shows_is_seen_as_its_thumbnail(mount: Mount):
    """A TIFF, say."""
    data = view(BOX)
    page = mount(VIEW, data)
    page.unroute(f"{GATEWAY}/**")
    page.route(f"{GATEWAY}/**/image", lambda route: route.fulfill(content_type="image/tiff", body=b"II*"))
    page.route(f"{GATEWAY}/**/thumbnail", answer)
    page.evaluate("data => update(data)", view(BOX, id="scan"))
    expect(page.locator(".layer img")).to_have_attribute("src", f"{GATEWAY}/v1/samples/scan/thumbnail")
    expect(page.locator(".stage.loading")).to_have_count(0)
    expect(page.locator(".overlay .shape")).to_be_visible()


def test_all_that_is_known_stands_beside(mount: Mount):
    others = [
        {"type": "label", "label": "cat", "tone": 0},
        {"type": "labels", "labels": ["wet", "night"], "tone": 0},
        {"type": "caption", "text": "a <quay>", "tone": 0},
        {"type": "target", "name": "price", "value": 12.5, "tone": 0},
        {"type": "keypoints", "label": "cat", "tone": 0, "points": [[1, 1, 2], [2, 2, 1], [0, 0, 0]]},
    ]
    page = mount(VIEW, view(*others))
    for text in ("cat", "wet, night", "“a <quay>”", "price 12.5", "2 of 3 keypoints", "north", "abc"):
        expect(page.locator(".side").get_by_text(text, exact=True)).to_be_visible()
