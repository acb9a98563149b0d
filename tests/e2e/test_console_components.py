"""The console's own components in a real Chromium, by themselves: what Python is told, what is drawn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.components import FOLDER, GATEWAY, SQUARE, Mount, mounting

GRID = ("sample_grid", "gateway", "elements", "overlay", "masks")
VIEW = ("sample_view", "gateway", "elements", "overlay", "masks", "picture", "side", "answer")
BOX = {"type": "box", "label": "boat", "tone": 1, "x": 4, "y": 3, "width": 10, "height": 6}
TURNED = {
    "type": "rotated_box", "label": "crane", "tone": 2, "cx": 20, "cy": 15, "width": 10, "height": 4,
    "angle": np.pi / 2,
}  # fmt: skip


def answer(route: Route) -> None:
    if "broken" in route.request.url:
        route.fulfill(status=404)
    else:
        route.fulfill(content_type="image/svg+xml", body=SQUARE)


@pytest.fixture
def mount(browser: Browser) -> Iterator[Mount]:
    with mounting(browser, answer) as mount:
        yield mount


def tile(given: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": given, "name": f"folder/{given}", "kind": "image", "width": 40, "height": 30, "labels": [],
        "line": "", "excerpt": "", "fields": [], "shapes": [], "verdict": None, "rows": [], **changes,
    }  # fmt: skip


def grid(*tiles: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "url": GATEWAY, "tiles": tiles, "tile_size": "8rem", "has_previous": True, "has_next": True,
        "can_tick": True, **changes,
    }  # fmt: skip


def numbered(count: int) -> list[dict[str, Any]]:
    return [tile(f"s{number}") for number in range(count)]


def told(page: Page) -> list[list[Any]]:
    return page.evaluate("told")


def test_a_click_opens_and_a_tick_does_not(mount: Mount):
    page = mount(GRID, grid(*numbered(12)))
    page.get_by_role("option").nth(3).hover()
    page.locator(".tick").nth(3).click()
    expect(page.get_by_role("option").nth(3)).to_have_attribute("aria-selected", "true")
    page.get_by_role("option").nth(5).click()
    assert told(page) == [["ticked", ["s3"]], ["opened", "s5"]]


def test_many_ticks_are_told_once(mount: Mount):
    page = mount(GRID, grid(*numbered(12)))
    page.locator(".tile").nth(2).click(modifiers=["Control"])
    page.locator(".tile").nth(6).click(modifiers=["Shift"])
    page.wait_for_function("told.length > 0")
    assert told(page) == [["ticked", ["s2", "s3", "s4", "s5", "s6"]]]
    page.keyboard.press("Escape")
    page.wait_for_function("told.length > 1")
    assert told(page)[-1] == ["ticked", []]


def test_arrows_move_space_ticks_and_enter_opens(mount: Mount):
    page = mount(GRID, grid(*numbered(20)))
    across = page.evaluate(
        "getComputedStyle(document.querySelector('div').shadowRoot.querySelector('.tiles'))"
        ".gridTemplateColumns.split(' ').length"
    )
    page.locator(".tile").first.focus()
    for key in ("ArrowDown", "ArrowRight", "Space", "ArrowLeft", "ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    assert told(page) == [["ticked", [f"s{across + 1}"]], ["opened", "s0"]]


def test_a_page_is_turned_once_and_the_keyboard_goes_on_where_it_was(mount: Mount):
    page = mount(GRID, grid(*numbered(12)))
    page.locator(".tile").nth(4).focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("n")
    assert told(page) == [["turned", "next"]]
    page.evaluate("data => update(data)", grid(*(tile(f"t{number}") for number in range(5))))
    expect(page.locator(".tile")).to_have_count(5)
    expect(page.locator(".tile").first).to_be_focused()
    page.keyboard.press("p")
    page.evaluate("data => update(data)", grid(*numbered(12)))
    expect(page.locator(".tile").last).to_be_focused()


def test_there_is_no_turning_beyond_the_last_page_and_no_ticking_where_nobody_may(mount: Mount):
    page = mount(GRID, grid(*numbered(4), has_next=False, can_tick=False))
    page.locator(".tile").first.focus()
    for key in ("PageDown", "n", "Space"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    assert told(page) == []


def test_ticks_stay_from_page_to_page(mount: Mount):
    page = mount(GRID, grid(*numbered(4)))
    page.locator(".tile").first.focus()
    page.keyboard.press("Space")
    page.evaluate("data => update(data)", grid(tile("other")))
    page.evaluate("data => update(data)", grid(*numbered(4)))
    expect(page.locator(".tile").first).to_have_attribute("aria-selected", "true")


def test_what_people_typed_is_text(mount: Mount):
    nasty = "<img src=x onerror=alert(1)>"
    labels = [{"text": nasty, "tone": 0}]
    tiles = [
        tile("a", name=nasty, labels=labels),
        tile("b", kind="text", excerpt=nasty),
        tile("c", kind="row", fields=[[nasty, nasty]]),
        tile("d", line=nasty),
    ]
    page = mount(GRID, grid(*tiles))
    expect(page.get_by_text(nasty)).to_have_count(6)
    assert page.locator("img[src=x]").count() == 0


def test_a_picture_that_does_not_come_says_so(mount: Mount):
    page = mount(GRID, grid(tile("fine"), tile("broken")))
    expect(page.locator(".picture.loaded")).to_have_count(1)
    expect(page.locator(".picture.broken")).to_have_count(1)


def test_a_verdict_is_a_border(mount: Mount):
    page = mount(GRID, grid(tile("a", verdict="right"), tile("b", verdict="wrong"), tile("c")))
    page.add_style_tag(content=":root { --st-green-color: rgb(0, 128, 0); --st-red-color: rgb(200, 0, 0) }")
    expect(page.locator(".tile").nth(0)).to_have_css("border-top-color", "rgb(0, 128, 0)")
    expect(page.locator(".tile").nth(1)).to_have_css("border-top-color", "rgb(200, 0, 0)")


def test_boxes_lie_where_they_are_in_the_image(mount: Mount):
    """The picture is 40 × 30 in a square tile, so it fills the width and three quarters of the height."""
    page = mount(GRID, grid(tile("a", shapes=[BOX, TURNED])))
    place = page.evaluate("""() => {
        const shadow = document.querySelector("div").shadowRoot
        const outer = shadow.querySelector(".picture").getBoundingClientRect()
        return [...shadow.querySelectorAll(".shape")].map((shape) => {
            const box = shape.getBoundingClientRect(), scale = outer.width / 40
            const top = outer.top + outer.height / 8
            return [(box.x - outer.x) / scale, (box.y - top) / scale, box.width / scale, box.height / scale]
        })
    }""")
    np.testing.assert_allclose(place[0], [4, 3, 10, 6], atol=0.7)
    # A quarter turn: what was wide is high.
    np.testing.assert_allclose(place[1], [18, 10, 4, 10], atol=0.7)


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
