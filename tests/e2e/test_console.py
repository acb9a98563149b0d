"""The console in a real Chromium: signed in by itself, live, light and dark, calm when things are missing."""

import pytest
from playwright.sync_api import Page, expect

from libs.common.ids import new_id
from tests.console import in_both_themes


@in_both_themes
def test_home_signs_in_by_itself_and_lists_projects(page: Page, stack, yard):
    name = f"Seen {new_id()}"
    yard.projects.create(name, "classification", "Shown on the home page")
    page.goto(stack.console_url)
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    expect(page.get_by_text(name)).to_be_visible()


def test_a_project_is_made_in_the_console(page: Page, stack, yard):
    name = "Made by hand"
    page.goto(stack.console_url)
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Name").press("Tab")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text(name, exact=True)).to_be_visible()
    assert name in {project.name for project in yard.projects.list()}


@in_both_themes
def test_a_run_page_shows_its_curves_and_its_certificate(page: Page, stack, yard, trained):
    page.goto(f"{stack.console_url}/run?id={trained.run.id}")
    expect(page.get_by_role("heading", name=trained.run.name.split()[0])).to_be_visible()
    expect(page.locator("canvas[aria-label*='val/accuracy']")).to_be_visible()
    page.get_by_role("radio", name="Export").click()
    # It comes by itself: nobody loads the page again.
    expect(page.get_by_text("Passed on")).to_be_visible(timeout=120_000)


def test_curves_grow_while_a_run_trains_and_the_page_sees_its_end(page: Page, stack, yard, trained):
    """Nobody loads the page again: points are pushed, and so is the end."""
    data = trained.run.data
    config = {"epochs": 200}
    experiment = yard.experiments.create(data.project_id, "Live", data.split_id, preset="fast", config=config)
    run = yard.runs.start(experiment.id)
    page.goto(f"{stack.console_url}/run?id={run.id}")
    chart = page.locator("canvas[aria-label*='val/accuracy']")
    expect(chart).to_be_visible(timeout=60_000)
    seen = chart.get_attribute("aria-label")
    expect(chart).not_to_have_attribute("aria-label", seen or "", timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("completed").first).to_be_visible(timeout=60_000)
    assert 0 < yard.runs.wait(run.id).summary[0].last_step < 200 * 21


SECTIONS = {
    "evaluation": "Confusion matrix",
    "checkpoints": "2 kept",
    "settings": "Look at the samples",
    "life": "waits for a worker",
    "log": "training starts",
}


# Of these one has colours of its own.
@pytest.mark.parametrize(
    ("page", "section"),
    [*(("light", section) for section in SECTIONS), ("dark", "evaluation")],
    indirect=["page"],
)
def test_a_run_page_shows_what_it_left(page: Page, stack, yard, trained, section):
    page.goto(f"{stack.console_url}/run?id={trained.run.id}&section={section}")
    expect(page.get_by_text(SECTIONS[section]).first).to_be_visible(timeout=60_000)
    if section == "evaluation":
        expect(page.get_by_role("button", name="Fullscreen: Confusion matrix of 10 classes")).to_be_attached()


@in_both_themes
def test_a_project_page_shows_data_runs_and_what_is_served(page: Page, stack, yard, trained):
    page.goto(f"{stack.console_url}/project?id={trained.run.project_id}")
    expect(page.get_by_text("1,737 samples")).to_be_visible()
    page.get_by_role("radio", name="Runs").click()
    expect(page.get_by_role("link", name=trained.run.name)).to_be_visible()


def test_an_empty_project_invites(page: Page, stack, yard):
    project = yard.projects.create("Without data", "classification")
    page.goto(f"{stack.console_url}/project?id={project.id}")
    expect(page.get_by_text("No dataset yet")).to_be_visible()


def test_a_run_that_does_not_exist_is_said_so(page: Page, stack):
    page.goto(f"{stack.console_url}/run?id=01890000-0000-7000-8000-000000000000")
    expect(page.get_by_role("alert")).to_be_visible()


def test_no_token_is_ever_readable_by_a_script(page: Page, stack):
    page.goto(stack.console_url)
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    readable = page.evaluate(
        "document.cookie + JSON.stringify(localStorage) + document.documentElement.outerHTML"
    )
    assert stack.token not in readable
