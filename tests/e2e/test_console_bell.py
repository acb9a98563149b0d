"""The bell in Chromium: what happens shows at once on every page, in every tab, and after one was away."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from libs.client import Modelyard
from libs.common.contracts.projects import Project
from libs.common.contracts.sources import SampleSource
from libs.common.ids import new_id
from tests.stack import TestStack

# Notices what a browser would show, wherever the tab is.
WATCH = """() => {
    window.calls = []
    window.Notification = class {
        static permission = "granted"
        constructor(title, { tag }) { calls.push([title, tag]) }
    }
}"""


@pytest.fixture
def project(yard: Modelyard) -> Project:
    return yard.projects.create(f"Heard of {new_id()}", "classification")


def import_shapes(yard: Modelyard, project: Project, name: str) -> None:
    dataset = yard.datasets.create(project.id, name, SampleSource(name="shapes"))
    yard.datasets.wait(dataset.id)


def delete_a_project(yard: Modelyard) -> None:
    """What happens soonest."""
    yard.projects.delete(yard.projects.create(f"Short-lived {new_id()}", "classification").id)


def listen(page: Page, stack: TestStack) -> None:
    with page.expect_response("**/v1/events"):
        page.goto(stack.console_url)
    expect(bell(page)).to_be_visible()


def bell(page: Page):
    return page.get_by_role("button", name="Notifications")


def second_tab(context: BrowserContext, stack: TestStack) -> Page:
    page = context.new_page()
    page.goto(stack.console_url)
    expect(bell(page)).to_be_visible()
    return page


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_what_happens_is_told_on_any_page_and_leads_there(page: Page, stack, yard, project):
    listen(page, stack)
    name = f"shapes {new_id()}"
    import_shapes(yard, project, name)
    expect(page.get_by_role("button", name="Notifications, 2 new")).to_be_visible()
    page.get_by_role("link", name="Queue").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.get_by_role("button", name="Notifications, 2 new").click()
    page.get_by_role("link", name=f"Dataset “{name}” is ready").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()


def test_tabs_share_one_line_and_what_was_missed_comes_later(page: Page, stack, yard):
    listen(page, stack)
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    other = second_tab(page.context, stack)
    delete_a_project(yard)
    for tab in (page, other):
        expect(tab.get_by_role("button", name="Notifications, 1 new")).to_be_visible()
    assert not [url for url in asked if url.endswith("/v1/events")]
    # The one that waited listens now.
    with other.expect_response("**/v1/events"):
        page.goto("about:blank")
    delete_a_project(yard)
    expect(other.get_by_role("button", name="Notifications, 2 new")).to_be_visible()
    other.close()
    delete_a_project(yard)
    listen(page, stack)
    expect(page.get_by_role("button", name="Notifications, 3 new")).to_be_visible()


def test_the_browser_calls_for_what_has_ended_once_it_may(page: Page, stack, yard, project):
    listen(page, stack)
    page.evaluate(WATCH)
    name = f"waited for {new_id()}"
    import_shapes(yard, project, name)
    page.wait_for_function("calls.length > 0")
    assert [title for title, _ in page.evaluate("calls")] == [f"Dataset “{name}” is ready"]
    bell(page).click()
    page.get_by_role("button", name="Browser notifications are on").click()
    import_shapes(yard, project, f"not called for {new_id()}")
    expect(page.get_by_text("not called for").first).to_be_visible()
    assert len(page.evaluate("calls")) == 1
