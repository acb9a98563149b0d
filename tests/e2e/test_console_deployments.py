"""Deployments and predictions in a real Chromium: served, asked, on trial, changed over, back, deleted."""

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from libs.client import Modelyard
from libs.common.contracts.deployments import DeploymentState, ServingSettings
from libs.common.ids import new_id
from tests.console import in_both_themes
from tests.e2e.pages import opened


@pytest.fixture
def deployed(yard: Modelyard, colours: str) -> Iterator[str]:
    """A name of its own behind which the first version answers."""
    name = f"served-{new_id().hex[-8:]}"
    yard.deployments.create(name, colours, version=1)
    assert yard.deployments.wait(name).state is DeploymentState.READY
    yield name
    if name in {each.name for each in yard.deployments.list()}:
        yard.deployments.delete(name)


def picture(name: str, color: str) -> FilePayload:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), color).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def choose_files(page: Page, *files: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose images").press("Enter")
    chooser.value.set_files(list(files))


def answer(page: Page) -> Locator:
    return page.locator(".answer")


def test_a_link_with_a_model_leads_to_its_deployment(page: Page, stack, yard: Modelyard, colours: str):
    name = f"linked-{new_id().hex[-8:]}"
    opened(page, stack, f"deployments?model={colours}&version=1")
    expect(page.get_by_label("Name", exact=True)).to_have_value(colours)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    for badge in ("ready", f"{colours} v1"):
        expect(page.get_by_test_id("stMain").get_by_text(badge)).to_be_visible()

    page.get_by_role("button", name="Delete").click()
    page.get_by_label("Type its name to go on").fill(name)
    page.get_by_label("Type its name to go on").press("Tab")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"Deleted {name}")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    assert name not in {each.name for each in yard.deployments.list()}


@in_both_themes
def test_pictures_are_answered_with_bars_and_bad_files_by_name(
    page: Page, stack, deployed: str, colours: str
):
    opened(page, stack, f"predict?deployment={deployed}")
    choose_files(page, picture("red.png", "red"))
    expect(answer(page).locator(".bars li")).to_have_count(3)
    expect(answer(page).get_by_role("heading")).to_have_text("red")
    expect(answer(page).locator(".chip")).to_have_text(f"{colours} v1")
    expect(answer(page).locator(".took")).to_have_text(re.compile(r"\d ms"))

    choose_files(
        page, {"name": "bad.png", "mimeType": "image/png", "buffer": b"no image"}, picture("blue.png", "blue")
    )
    expect(answer(page)).to_contain_text("bad.png")
    expect(answer(page)).to_contain_text("not an image")
    tiles = page.get_by_role("group", name="Last answers").get_by_role("button")
    expect(tiles).to_have_count(3)
    expect(tiles.nth(0)).to_have_text(re.compile("error"))
    tiles.nth(1).press("Enter")
    expect(answer(page)).to_contain_text("blue.png")
    expect(answer(page).locator(".bars li")).to_have_count(3)


def test_samples_it_was_not_trained_on_are_offered(page: Page, stack, yard: Modelyard, trained):
    yard.deployments.wait("main-path", timeout_seconds=180)
    opened(page, stack, "predict?deployment=main-path")
    page.locator(".thumbnail").first.click()
    expect(answer(page)).to_contain_text(re.compile("labelled"))
    expect(answer(page).locator(".bars li")).to_have_count(5)


def test_a_model_that_is_not_sure_enough_says_nothing(page: Page, stack, yard: Modelyard, deployed: str):
    yard.deployments.change_settings(deployed, ServingSettings(threshold=0.9))
    yard.deployments.wait(deployed)
    opened(page, stack, f"predict?deployment={deployed}")
    choose_files(page, picture("grey.png", "grey"))
    expect(answer(page).get_by_role("heading")).to_have_text("The model is not sure enough of its answer")
    expect(answer(page)).to_contain_text(re.compile("red|green|blue"))


def test_a_version_on_trial_is_promoted_and_gone_back_from(
    page: Page, stack, yard: Modelyard, deployed: str, colours: str
):
    opened(page, stack, f"deployment?name={deployed}")
    page.get_by_role("button", name="Another version").click()
    page.get_by_text("a share of them, on trial").click()
    page.get_by_role("button", name="Start the trial").click()
    trial = page.locator(".st-key-deployment-canary")
    expect(trial).to_contain_text(f"{colours} v2 on trial")
    expect(trial).to_contain_text("ready")
    trial.get_by_role("slider").press("ArrowRight")
    expect(trial).to_contain_text("11 % of the requests")
    canary = yard.deployments.get(deployed).canary
    assert canary is not None and (canary.version, canary.percent) == (2, 11)

    trial.get_by_role("button", name="Promote").click()
    expect(trial).to_have_count(0)
    back = page.get_by_role("button", name="Back to v1")
    expect(back).to_be_visible()
    assert yard.deployments.wait(deployed).serving_version == 2
    back.click()
    expect(back).to_have_count(0)
    assert yard.deployments.wait(deployed).serving_version == 1


def test_what_was_asked_is_seen_version_by_version(page: Page, stack, yard: Modelyard, deployed: str):
    for _ in range(3):
        yard.deployments.predict(deployed, picture("red.png", "red")["buffer"])
    opened(page, stack, f"deployment?name={deployed}")
    expect(page.get_by_test_id("stMetric").filter(has_text="Requests")).to_contain_text("3")
    expect(page.get_by_test_id("stEChartsChart")).to_have_count(2)
    page.get_by_text("How to call it").click()
    expect(page.get_by_test_id("stCode").first).to_contain_text(f"/v1/deployments/{deployed}/predict")
    page.get_by_text("History", exact=True).click()
    expect(page.get_by_text(re.compile("answered .*just now"))).to_be_visible()


def test_settings_are_changed_while_it_answers(page: Page, stack, yard: Modelyard, deployed: str):
    opened(page, stack, f"deployment?name={deployed}&section=settings")
    page.get_by_role("spinbutton", name="Instances").fill("2")
    page.get_by_role("spinbutton", name="Instances").press("Tab")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Loading it with these settings")).to_be_visible()
    assert yard.deployments.get(deployed).settings.num_instances == 2
    expect(page.get_by_role("button", name="Back to earlier settings")).to_be_visible()


def test_a_deployment_that_is_not_there_is_told_in_words(page: Page, stack, yard: Modelyard):
    for address in ("deployment?name=nobody", "predict?deployment=nobody"):
        opened(page, stack, address)
        expect(page.get_by_text("There is no deployment nobody.")).to_be_visible()
    opened(page, stack, "deployment?name=No%20Body")
    expect(page.get_by_text("which is no name")).to_be_visible()
