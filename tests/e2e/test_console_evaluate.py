"""Evaluations in the console: begun, watched, looked at sample by sample, reset, and two of them compared."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from libs.client import Modelyard
from libs.common.contracts.evaluations import Evaluation
from libs.common.contracts.reports import ConfusionMatrix
from libs.common.contracts.results import Agreement, SampleResult
from tests.e2e.small import Small

SUBSETS = ("train", "val", "test")
NUM_SAMPLES = 40
ENDS_WITHIN_MS = 120_000


@dataclass(frozen=True)
class Evaluated:
    """Two models on all the small pictures: one that has learned them, and one that has hardly begun."""

    able: Evaluation
    beginner: Evaluation


@pytest.fixture(scope="module")
def evaluated(yard: Modelyard, small: Small) -> Evaluated:
    longer = yard.experiments.duplicate(small.first.id, name="Able", config={"epochs": 6, "batch_size": 4})
    able = yard.runs.wait(yard.runs.start(longer.id).id, timeout_seconds=240)
    begun = [yard.evaluations.create(run.id, subsets=SUBSETS) for run in (able, small.other_run)]
    first, other = (yard.evaluations.wait(each.id, timeout_seconds=240) for each in begun)
    assert (first.error_detail, other.error_detail) == (None, None)
    assert first.metrics["accuracy"] > other.metrics["accuracy"], "else there is nothing to compare"
    return Evaluated(first, other)


@pytest.fixture(scope="module")
def results(yard: Modelyard, evaluated: Evaluated) -> tuple[SampleResult, ...]:
    return yard.evaluations.samples(evaluated.beginner.id, limit=200).items


in_the_dark = pytest.mark.parametrize("page", ["dark"], indirect=True)


def tiles(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Samples").get_by_role("option")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_an_evaluation_is_begun_its_end_is_seen_and_it_is_reset(page: Page, stack, yard, small, evaluated):
    page.goto(f"{stack.console_url}/evaluate?run={small.run.id}")
    page.get_by_role("checkbox", name=re.compile("^val")).check(force=True)
    page.get_by_role("button", name="Evaluate", exact=True).click()
    # Nobody loads the page again.
    expect(page).to_have_url(re.compile("evaluation="))
    expect(page.get_by_test_id("stMetric").filter(has_text="Accuracy")).to_be_visible(timeout=ENDS_WITHIN_MS)
    made = next(yard.evaluations.list(small.run.id))
    assert (made.checkpoint, sorted(made.subsets)) == ("best", ["test", "val"])
    expect(page).to_have_url(re.compile(str(made.id)))

    page.get_by_role("button", name="Reset").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_text("The evaluation is reset")).to_be_visible()
    assert made.id not in {each.id for each in yard.evaluations.list(small.run.id)}


def test_runs_are_searched_and_chosen(page: Page, stack, small, evaluated):
    page.goto(f"{stack.console_url}/evaluate?project={small.run.project_id}")
    page.get_by_placeholder("Search runs").fill("FIRST")
    page.get_by_placeholder("Search runs").press("Enter")
    expect(page.get_by_role("button", name=small.other_run.name)).to_have_count(0)
    page.get_by_role("button", name=small.run.name).click()
    expect(page.get_by_role("heading", name=small.run.name)).to_be_visible()
    expect(page).to_have_url(re.compile(str(small.run.id)))


def test_a_cell_of_the_matrix_leads_to_its_samples(page: Page, stack, evaluated):
    matrix = next(view for view in evaluated.beginner.report.views if isinstance(view, ConfusionMatrix))
    true, predicted, count = next(
        (row, column, count)
        for row, counts in enumerate(matrix.counts)
        for column, count in enumerate(counts)
        if count
    )
    page.goto(f"{stack.console_url}/evaluate?evaluation={evaluated.beginner.id}")
    chart = page.get_by_test_id("stEChartsChart").first
    expect(chart.locator("canvas").first).to_be_visible()
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    # The axes take their share at the left and below.
    across = 65 + (predicted + 0.5) * (box["width"] - 90) / len(matrix.classes)
    down = 8 + (true + 0.5) * (box["height"] - 105) / len(matrix.classes)
    page.mouse.click(box["x"] + across, box["y"] + down)
    expect(page).to_have_url(re.compile(f"class={matrix.classes[true]}"))
    expect(page.get_by_text(f"1–{count} of {count}")).to_be_visible()
    expect(tiles(page)).to_have_count(count)


def test_only_the_wrong_ones_are_shown_on_request(page: Page, stack, evaluated, results):
    page.goto(f"{stack.console_url}/evaluate?evaluation={evaluated.beginner.id}&section=samples")
    expect(tiles(page)).to_have_count(NUM_SAMPLES)
    wrong = sum(result.correct is False for result in results)
    choose(page, "Verdict", "Wrong")
    expect(tiles(page)).to_have_count(wrong)
    expect(page.locator(".tile[data-verdict=right]")).to_have_count(0)
    page.get_by_role("button", name="Clear filters").click()
    expect(tiles(page)).to_have_count(NUM_SAMPLES)
    expect(page.locator(".tile[data-verdict=wrong]")).to_have_count(wrong)


def test_a_sample_is_opened_with_what_the_model_said(page: Page, stack, evaluated, results):
    page.goto(f"{stack.console_url}/evaluate?evaluation={evaluated.beginner.id}&section=samples&sort=name")
    tiles(page).nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Truth")).to_be_visible()
    expect(dialog.locator(".bars li")).to_have_count(2)
    expect(dialog.get_by_text("2 of 40")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text("3 of 40")).to_be_visible()
    dialog.get_by_role("link", name="In its dataset").click()
    expect(page).to_have_url(re.compile("/browse.*sample="))


@in_the_dark
def test_two_models_are_compared_sample_by_sample(page: Page, stack, yard, evaluated):
    found = yard.evaluations.compare(evaluated.able.id, evaluated.beginner.id)
    page.goto(f"{stack.console_url}/evaluate?evaluation={evaluated.able.id}")
    page.get_by_role("button", name="Compare with…").click()
    expect(page.get_by_text("Choose two evaluations of the same task.")).to_be_visible()
    page.get_by_role("combobox", name="Model B").click()
    page.get_by_role("option", name=re.compile("Short")).first.click()
    expect(page.get_by_role("table").get_by_role("row", name=re.compile("^Accuracy"))).to_be_visible()
    expect(tiles(page)).to_have_count(NUM_SAMPLES)
    agreement, count = max(found.counts.items(), key=lambda each: each[1])
    page.locator(f".st-key-compare_models-{agreement}").get_by_role("button").click()
    expect(page).to_have_url(re.compile(f"agreement={agreement}"))
    expect(tiles(page)).to_have_count(count)
    expect(tiles(page).first.locator(".answer")).to_have_count(3)


def test_what_only_one_got_right_is_one_click_away(page: Page, stack, yard, evaluated):
    able, beginner = evaluated.able.id, evaluated.beginner.id
    count = yard.evaluations.compare(able, beginner).counts[Agreement.ONLY_LEFT]
    page.goto(f"{stack.console_url}/compare_models?left={able}&right={beginner}")
    page.get_by_role("button", name=f"What B got wrong and A right ({count})").click()
    expect(tiles(page)).to_have_count(count)
    expect(page.locator(".answer[data-verdict=right]")).to_have_count(count)
    expect(page.locator(".answer[data-verdict=wrong]")).to_have_count(count)


def test_the_run_leads_to_its_evaluations(page: Page, stack, small, evaluated):
    page.goto(f"{stack.console_url}/run?id={small.other_run.id}&section=evaluation")
    page.get_by_role("link", name="All evaluations and samples").click()
    expect(page.get_by_role("heading", name="Evaluate")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/evaluate.*run={small.other_run.id}"))
