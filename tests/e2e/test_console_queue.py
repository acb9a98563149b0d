"""The queue page in a real Chromium: order by mouse and keyboard, removal, limits, two people at once."""

from collections.abc import Iterator
from typing import cast
from uuid import UUID

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from libs.client import Modelyard
from libs.common.contracts.jobs import JobState
from libs.common.contracts.runs import Run, RunState
from tests.console import in_both_themes, opened_page


@pytest.fixture
def page(browser: Browser, stack, request) -> Iterator[Page]:
    with opened_page(browser, request.node.name, getattr(request, "param", "light")) as opened:
        opened.goto(f"{stack.console_url}/queue")
        yield opened


def waiting(page: Page) -> Locator:
    return page.get_by_role("list", name="Waiting").locator(".title")


def shown(page: Page, *runs: Run) -> None:
    expect(waiting(page)).to_have_text([f"Train {run.name}" for run in runs])


def order(yard: Modelyard) -> list[UUID | None]:
    return [entry.run_id for entry in yard.queue.list() if entry.position]


def row(page: Page, run: Run) -> Locator:
    return page.locator(".row", has_text=f"Train {run.name}")


def place(locator: Locator) -> FloatRect:
    return cast(FloatRect, locator.bounding_box())


def drag(page: Page, run: Run, onto: Run) -> None:
    start, end = place(row(page, run)), place(row(page, onto))
    below = end["y"] > start["y"]
    page.mouse.move(start["x"] + 200, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 200, start["y"] + 30, steps=3)
    page.mouse.move(end["x"] + 200, end["y"] + (end["height"] - 4 if below else 4), steps=8)
    page.mouse.up()


@in_both_themes
def test_a_row_is_dragged_to_another_place_and_stays_there(page: Page, yard, queued):
    first, second, third, fourth = queued
    shown(page, *queued)
    drag(page, first, third)
    shown(page, second, third, first, fourth)
    drag(page, fourth, second)
    shown(page, fourth, second, third, first)
    page.wait_for_timeout(3000)  # two looks later nothing has sprung back
    shown(page, fourth, second, third, first)
    assert order(yard) == [fourth.id, second.id, third.id, first.id]
    page.reload()
    shown(page, fourth, second, third, first)


def test_alt_and_arrows_move_a_row_as_far_as_they_are_pressed(page: Page, yard, queued):
    first, second, third, fourth = queued
    shown(page, *queued)
    row(page, first).focus()
    for key in ("Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowUp"):
        page.keyboard.press(key)
    shown(page, second, third, first, fourth)
    expect(row(page, first)).to_be_focused()
    expect(page.locator("[aria-live]").last).to_have_text(f"Train {first.name}: 3 of 4")
    page.keyboard.press("ArrowDown")
    expect(row(page, fourth)).to_be_focused()
    page.keyboard.press("Alt+Home")
    shown(page, fourth, second, third, first)
    page.wait_for_timeout(2500)
    assert order(yard) == [fourth.id, second.id, third.id, first.id]


def test_a_row_leaves_after_a_question(page: Page, yard, queued):
    first, *others = queued
    shown(page, *queued)
    row(page, first).get_by_role("button", name=f"Remove Train {first.name}").click()
    expect(row(page, first)).to_contain_text("Take it out of the queue?")
    row(page, first).get_by_role("button", name="Keep", exact=True).click()
    row(page, first).focus()
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    shown(page, *others)
    assert yard.runs.get(first.id).state is RunState.CANCELLED
    page.get_by_text("History", exact=True).click()
    ended = page.get_by_role("list", name="Ended").locator(".row").first
    expect(ended).to_contain_text(f"Train {first.name}")
    expect(ended.get_by_role("img", name="cancelled")).to_be_visible()


def test_two_people_see_each_others_order(page: Page, browser: Browser, stack, yard, queued):
    first, second, third, fourth = queued
    with opened_page(browser, "queue-of-another-person") as other:
        other.goto(f"{stack.console_url}/queue")
        shown(other, *queued)
        shown(page, *queued)
        drag(page, first, second)
        shown(other, second, first, third, fourth)
        drag(other, fourth, third)
        shown(page, second, first, fourth, third)
        assert order(yard) == [second.id, first.id, fourth.id, third.id]


def test_who_comes_too_late_is_told_and_sees_how_things_stand(page: Page, yard, queued):
    first, second, third, fourth = queued
    shown(page, *queued)
    start = place(row(page, fourth))
    page.mouse.move(start["x"] + 200, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 200, start["y"] - 30, steps=3)
    yard.queue.remove(fourth.id)
    page.mouse.move(start["x"] + 200, place(row(page, first))["y"] + 4, steps=5)
    page.mouse.up()
    expect(page.get_by_test_id("stToast")).to_contain_text("is cancelled by now")
    shown(page, first, second, third)


def test_limits_are_chosen_and_seen_by_others(page: Page, yard, queued):
    expect(page.get_by_role("paragraph").filter(has_text="The queue is paused")).to_be_visible()
    for label, number in (("Runs at once", "3"), ("On GPUs", "1")):
        page.get_by_label(label).click()
        page.get_by_role("option", name=number, exact=True).click()
        expect(page.get_by_role("option")).to_have_count(0)
    page.wait_for_timeout(2500)
    settings = yard.queue.settings()
    assert (settings.max_running, settings.max_running_by_pool) == (3, {"gpu": 1})
    yard.queue.limit(5)
    expect(page.get_by_label("Runs at once")).to_have_value("5")


@in_both_themes
def test_an_empty_queue_says_what_fills_it(page: Page, yard, paused):
    expect(page.get_by_text("Nothing runs and nothing waits")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert not yard.queue.settings().is_paused


def test_the_history_is_filtered_by_what_the_address_says(page: Page, stack, yard, queued):
    project = queued[0].project_id
    for run in queued[:2]:
        yard.queue.remove(run.id)
    address = f"{stack.console_url}/queue?section=history&project={project}"
    page.goto(f"{address}&state=cancelled&kind=run.train&period=1")
    ended = page.get_by_role("list", name="Ended").locator(".title")
    expect(ended.first).to_have_text(f"Train {queued[1].name}")
    page.goto(f"{address}&state=failed")
    expect(page.get_by_text("Nothing has ended that fits")).to_be_visible()
    ended_now = yard.queue.history_page(project=project, state="cancelled").items
    assert {entry.state for entry in ended_now} == {JobState.CANCELLED}
