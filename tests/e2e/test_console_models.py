"""The console's pages of models and exports in a real Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from libs.client import Modelyard
from libs.common.contracts.models import ModelVersion
from libs.common.ids import new_id
from tests.console import in_both_themes
from tests.e2e.pages import opened, press
from tests.e2e.small import Small
from tests.tasks.foreigners import CLASSES, brightness, described, saved


@pytest.fixture(scope="module")
def project(yard: Modelyard):
    return yard.projects.create(f"Models {new_id()}", "classification")


@pytest.fixture(scope="module")
def pixels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("elsewhere") / "brightness.onnx", brightness())


@pytest.fixture
def two(yard: Modelyard, project, pixels: Path) -> ModelVersion:
    """The second version of a new model."""
    name = f"bright-{new_id().hex[-8:]}"
    sent = yard.uploads.send(pixels)
    jobs = [
        yard.models.import_file(name, project.id, sent.id, described(answers="probabilities"))
        for _ in range(2)
    ]
    return [yard.models.wait_for_import(name, job) for job in jobs][-1]


def act(page: Page, version: int, what: str) -> None:
    page.locator(f".st-key-model-menu-{version}").get_by_role("button").click()
    page.get_by_text(what, exact=True).click()


def row(page: Page, version: int) -> Locator:
    return page.locator(f".st-key-model-version-{version}")


def test_a_project_without_models_says_how_to_get_one(page: Page, stack, yard):
    empty = yard.projects.create(f"Nothing {new_id()}", "classification")
    opened(page, stack, f"models?project={empty.id}")
    expect(page.get_by_text("No model yet.")).to_be_visible()
    press(page, "Runs to export")
    expect(page.get_by_role("heading", name="Export")).to_be_visible()


def test_an_onnx_file_is_brought_in_by_hand(page: Page, stack, yard, project, pixels):
    name = f"by-hand-{new_id().hex[-8:]}"
    opened(page, stack, f"models?project={project.id}")
    press(page, "Bring in an ONNX file")
    expect(page.get_by_text("It needs a file, a name, classes.")).to_be_visible()
    page.locator("input[type=file]").set_input_files(pixels)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label(re.compile("^Classes, one a line")).fill("\n".join(CLASSES))
    page.get_by_label("Note", exact=True).fill("From *another* place")
    page.get_by_label("Note", exact=True).press("Tab")
    press(page, "Bring it in")

    expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=60_000)
    expect(row(page, 1)).to_contain_text("From elsewhere, so without a certificate")
    expect(row(page, 1)).to_contain_text("From *another* place")
    assert yard.models.version(name, 1).card.classes == CLASSES


def test_a_file_that_is_refused_says_what_to_do(page: Page, stack, yard, project, tmp_path):
    file = tmp_path / "trap.onnx"
    file.write_bytes(b"\x80\x04 a pickle")
    opened(page, stack, f"models?project={project.id}&new=1")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("Name", exact=True).fill(f"trap-{new_id().hex[-8:]}")
    page.get_by_label(re.compile("^Classes, one a line")).fill("cat\ndog")
    page.get_by_label(re.compile("^Classes, one a line")).press("Tab")
    press(page, "Bring it in")

    expect(page.get_by_role("alert").filter(has_text="torch.onnx.export")).to_be_visible(timeout=60_000)
    press(page, "Bring in another")
    press(page, "Back to the list")
    expect(page.get_by_role("alert").filter(has_text="model file pickled")).to_be_visible()


@in_both_themes
def test_aliases_are_set_moved_and_removed(page: Page, stack, yard: Modelyard, two: ModelVersion):
    opened(page, stack, f"model?name={two.model}")
    act(page, 1, "Aliases")
    page.get_by_role("dialog").get_by_role("combobox").fill("champ")
    page.get_by_role("option", name="champion").click()
    press(page.get_by_role("dialog"), "Set")
    expect(page.get_by_text("champion is v1")).to_be_visible()
    expect(row(page, 1)).to_contain_text("champion")
    act(page, 2, "Aliases")
    page.get_by_role("dialog").get_by_role("combobox").fill("champ")
    page.get_by_role("option", name="champion, now v1").click()
    press(page.get_by_role("dialog"), "Move it here")
    expect(page.get_by_text("champion is v2")).to_be_visible()
    assert yard.models.get(two.model).aliases == {"champion": 2}
    act(page, 2, "Aliases")
    press(page.get_by_role("dialog"), "Remove")
    expect(page.get_by_text("Removed champion")).to_be_visible()
    assert yard.models.get(two.model).aliases == {}


def test_a_version_goes_when_its_name_is_typed_unless_an_alias_holds_it(page: Page, stack, yard, two):
    yard.models.set_alias(two.model, "champion", 2)
    opened(page, stack, f"model?name={two.model}")
    for version in (2, 1):
        act(page, version, "Delete")
        page.get_by_label("Type its name to go on").fill(f"{two.model} v{version}")
        page.get_by_label("Type its name to go on").press("Tab")
        press(page, "Delete for good")
        if version == 2:
            expect(page.get_by_role("alert").filter(has_text="champion: move or remove that")).to_be_visible()
            page.get_by_role("button", name="Close").click()
    expect(page.get_by_text(f"Deleted {two.model} v1")).to_be_visible()
    assert [each.version for each in yard.models.versions(two.model)] == [2]


@in_both_themes
def test_a_served_model_is_listed_with_what_it_is_worth_and_where_it_answers(
    page: Page, stack, yard, trained
):
    yard.deployments.wait("main-path")
    opened(page, stack, f"models?project={trained.run.project_id}")
    listed = page.locator(".st-key-models-row-main-path")
    expect(listed).to_contain_text("classification")
    expect(listed.get_by_role("link", name="main-path")).to_have_count(2)
    listed.get_by_role("link", name="main-path").first.click()
    expect(row(page, 1)).to_contain_text("accuracy")
    row(page, 1).get_by_text("accuracy").first.click()
    expect(page.get_by_text(re.compile("Passed on .* samples of test"))).to_be_visible()
    page.get_by_text("Where it comes from").click()
    expect(page.get_by_test_id("stEChartsChart")).to_be_visible()
    expect(page.get_by_role("link", name="The run it was exported from")).to_be_visible()


def test_a_version_is_taken_to_the_deployments(page: Page, stack, two):
    opened(page, stack, f"model?name={two.model}")
    row(page, 1).get_by_role("link", name="Deploy").click()
    expect(page.get_by_role("dialog")).to_contain_text("Deploy a model")
    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_have_value(two.model)


def test_a_model_that_is_gone_is_told(page: Page, stack):
    opened(page, stack, "model?name=nobody")
    expect(page.get_by_text("There is no model nobody.")).to_be_visible()


def test_a_checkpoint_is_exported_with_its_certificate_and_registered(page: Page, stack, yard, small: Small):
    opened(page, stack, f"run?id={small.run.id}&section=export")
    main = page.get_by_test_id("stMain")
    main.get_by_role("link", name=re.compile("^(Export|All exports and formats)$")).click()
    expect(page.get_by_role("button", name="TensorRT")).to_be_disabled()
    expect(page.get_by_text(re.compile("there is none here"))).to_be_visible()
    expect(page.get_by_role("button", name="ONNX", exact=True)).to_be_enabled()
    earlier = {each.id for each in yard.exports.list(small.run.id)}
    press(main, "Export")
    expect(page.get_by_text("Exporting best as ONNX, FP32")).to_be_visible()
    (made,) = (each for each in yard.exports.list(small.run.id) if each.id not in earlier)
    listed = page.locator(f".st-key-export-row-{made.id}")
    expect(listed).to_contain_text("Passed on", timeout=120_000)
    assert yard.exports.get(made.id).state == "completed"
    press(listed, "Register")
    name = f"quiet-{new_id().hex[-8:]}"
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill(name)
    page.get_by_role("dialog").get_by_label("Name", exact=True).press("Tab")
    press(page.get_by_role("dialog"), "Register")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert yard.models.version(name, 1).export_id == made.id
