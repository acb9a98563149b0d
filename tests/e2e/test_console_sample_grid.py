"""The grid of samples in a real Chromium, by itself: what Python is told, what is drawn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.components import BOX, GATEWAY, TURNED, Mount, answer, mounting, tile, told

GRID = ("sample_grid", "gateway", "elements", "overlay", "masks")


@pytest.fixture
def mount(browser: Browser) -> Iterator[Mount]:
    with mounting(browser, answer) as mount:
        yield mount


def grid(*tiles: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "url": GATEWAY, "tiles": tiles, "tile_size": "8rem", "has_previous": True, "has_next": True,
        "can_tick": True, **changes,
    }  # fmt: skip


def numbered(count: int) -> list[dict[str, Any]]:
    return [tile(f"s{number}") for number in range(count)]


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
