"""The console's pages about experiments in a real Chromium: lists, one experiment, comparisons."""

import re

import pytest
from playwright.sync_api import Page, expect

from libs.client import Modelyard
from libs.common.contracts.experiments import Experiment
from libs.common.ids import new_id
from tests.console import in_both_themes
from tests.e2e.pages import menus, opened
from tests.e2e.small import Small


@pytest.fixture
def fresh(yard: Modelyard, small: Small) -> Experiment:
    return yard.experiments.duplicate(small.first.id, name=f"Fresh {new_id()}")


def act(page: Page, what: str) -> None:
    menus(page).first.click()
    page.get_by_text(what, exact=True).click()


@in_both_themes
def test_experiments_are_ticked_and_compared(page: Page, stack, small):
    opened(page, stack, f"experiments?project={small.run.project_id}&sort=best")
    for name in ("First", "Short *one*"):
        page.get_by_role("checkbox", name=f"Compare {name}", exact=True).check(force=True)
    page.get_by_role("link", name="Compare 2").click()

    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()
    for run in (small.run, small.other_run):
        expect(page.get_by_role("link", name=run.name, exact=True)).to_be_visible()
    config = page.get_by_role("table").first
    expect(config.get_by_role("row", name=re.compile("^epochs"))).to_be_visible()
    expect(config).not_to_contain_text("batch_size")
    expect(page.get_by_text("settings are the same in all of them")).to_be_visible()
    expect(
        page.get_by_role("table").last.get_by_role("row", name=re.compile("^val.accuracy"))
    ).to_be_visible()
    expect(page.get_by_test_id("stEChartsChart").first).to_be_visible()


def test_a_comparison_is_in_its_address(page: Page, stack, yard, small):
    opened(
        page,
        stack,
        f"compare?runs={small.run.id},{small.other_run.id}&keys=val/loss&x=epoch&smooth=0.5&log=1",
    )
    expect(page.get_by_test_id("stEChartsChart")).to_have_count(1)
    expect(page.get_by_role("slider")).to_have_value("0.5")
    page.get_by_test_id("stMultiSelect").get_by_role("combobox").fill("val/acc")
    page.get_by_role("option", name="val/accuracy").click()
    expect(page).to_have_url(re.compile("keys=val.{1,3}loss.{1,3}val.{1,3}accuracy"))
    page.reload()
    expect(page.get_by_test_id("stEChartsChart")).to_have_count(2)


def test_runs_are_taken_out_of_a_comparison_and_added(page: Page, stack, small):
    opened(page, stack, f"compare?runs={small.run.id},{small.other_run.id}")
    page.get_by_test_id("stButton").get_by_role("button").first.click()
    expect(page.get_by_text("Choose another run beside it.")).to_be_visible()
    page.get_by_role("button", name="Add a run").click()
    page.get_by_label("Search experiments").fill("firs")
    page.get_by_label("Search experiments").press("Enter")
    page.get_by_role("button", name=re.compile("First")).click()
    expect(page.get_by_role("heading", name="Results")).to_be_visible()
    expect(page).to_have_url(re.compile(f"runs={small.other_run.id}%2C{small.run.id}"))


def test_what_was_deleted_is_left_out_of_a_comparison(page: Page, stack, small):
    opened(page, stack, f"compare?runs={small.run.id},{new_id()},{small.other_run.id}")
    expect(page.get_by_text("1 run of this comparison can no longer be found.")).to_be_visible()
    page.get_by_role("button", name="Go on without").click()
    expect(page.get_by_role("heading", name="Results")).to_be_visible()


def test_an_address_that_names_no_run_is_told_in_words(page: Page, stack, small):
    opened(page, stack, "compare?runs=yesterday")
    expect(page.get_by_text("the address names something that is no run")).to_be_visible()


def test_an_experiment_is_renamed_copied_and_deleted(page: Page, stack, yard: Modelyard, fresh: Experiment):
    opened(page, stack, f"experiments?project={fresh.project_id}&q={fresh.name}")
    expect(page.get_by_role("link", name=fresh.name)).to_be_visible()
    expect(page.get_by_role("checkbox", name=f"Compare {fresh.name}")).to_be_disabled()
    act(page, "Rename")
    page.get_by_label("Note", exact=True).fill("for a good reason")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"Saved {fresh.name}")).to_be_visible()
    assert yard.experiments.get(fresh.id).note == "for a good reason"
    act(page, "Duplicate")
    expect(page.get_by_role("link", name=f"{fresh.name} copy")).to_be_visible()
    act(page, "Delete")
    page.get_by_label("Type its name to go on").fill(f"{fresh.name} copy")
    page.get_by_label("Type its name to go on").press("Tab")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"Deleted {fresh.name} copy")).to_be_visible()
    expect(page.get_by_role("link", name=f"{fresh.name} copy")).to_have_count(0)


def test_an_experiment_deleted_on_its_own_page_leads_back(page: Page, stack, yard, fresh: Experiment):
    opened(page, stack, f"experiment?id={fresh.id}&section=data")
    expect(page.get_by_role("link", name="small")).to_be_visible()
    act(page, "Delete")
    page.get_by_label("Type its name to go on").fill(fresh.name)
    page.get_by_label("Type its name to go on").press("Tab")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Experiments")).to_be_visible()
    assert fresh.id not in {each.id for each in yard.experiments.list(fresh.project_id)}


def test_lists_are_turned_page_by_page(page: Page, stack, yard: Modelyard, small):
    name = f"Many {new_id()}"
    for number in range(26):
        yard.experiments.duplicate(small.first.id, name=f"{name} {number:02}")
    opened(page, stack, f"experiments?project=all&q={name}&sort=name")
    expect(page.get_by_role("link", name=f"{name} 24")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("link", name=f"{name} 25")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_role("link", name=f"{name} 00")).to_be_visible()


def test_an_empty_project_leads_to_its_first_experiment(page: Page, stack, yard: Modelyard):
    project = yard.projects.create(f"Nothing {new_id()}", "classification")
    opened(page, stack, f"experiments?project={project.id}")
    page.get_by_role("button", name="Make the first").click()
    expect(page).to_have_url(re.compile(f"new_experiment.*project={project.id}"))


def test_a_run_that_goes_on_is_followed_in_the_list(page: Page, stack, yard: Modelyard, fresh: Experiment):
    opened(page, stack, f"experiments?project={fresh.project_id}&q={fresh.name}")
    act(page, "Run")
    expect(page).to_have_url(re.compile("run"))
    (run,) = yard.runs.list(experiment=fresh.id)
    opened(page, stack, f"experiments?project={fresh.project_id}&q={fresh.name}")
    expect(page.get_by_text(re.compile("queued|preparing|running"))).to_be_visible()
    yard.runs.cancel(run.id)
    expect(page.get_by_text("cancelled")).to_be_visible()


def test_a_run_that_has_ended_is_deleted_on_its_page(page: Page, stack, yard: Modelyard, fresh: Experiment):
    run = yard.runs.start(fresh.id)
    yard.runs.cancel(run.id)
    yard.runs.wait(run.id, timeout_seconds=60)
    opened(page, stack, f"run?id={run.id}")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_label("Type its name to go on").fill(run.name)
    page.get_by_label("Type its name to go on").press("Tab")
    page.get_by_role("button", name="Delete for good").click()
    expect(page).to_have_url(re.compile(f"experiment.*id={fresh.id}"))
    assert not list(yard.runs.list(experiment=fresh.id))
