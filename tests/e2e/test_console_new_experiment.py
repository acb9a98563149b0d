"""The form of an experiment in a real Chromium: made of the task's schema, refused in words, started."""

from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from libs.client import Modelyard
from libs.client.datasets import DatasetFailed


@pytest.fixture(scope="module")
def broken(yard: Modelyard, trained, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A dataset of the project that cannot be used, by name."""
    archive: Path = tmp_path_factory.mktemp("broken") / "broken.zip"
    archive.write_bytes(b"no archive at all")
    upload = yard.uploads.send(archive)
    made = yard.datasets.create(trained.run.project_id, "broken data", upload.id)
    with pytest.raises(DatasetFailed):
        yard.datasets.wait(made.id)
    return made.name


def _open(page: Page, stack, project_id: UUID) -> None:
    page.goto(f"{stack.console_url}/new_experiment?project={project_id}")
    expect(page.get_by_role("heading", name="New experiment")).to_be_visible()


def _name(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Name", exact=True).press("Tab")


def test_what_is_changed_in_the_form_is_what_the_run_does(page: Page, stack, yard, trained):
    _open(page, stack, trained.run.project_id)
    _name(page, "By form")
    page.get_by_role("spinbutton", name="Epochs", exact=True).fill("2")
    page.get_by_role("spinbutton", name="Epochs", exact=True).press("Tab")
    expect(page.get_by_text("1 knob changed")).to_be_visible()
    page.get_by_role("button", name="Evaluate", exact=True).click()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", name="By form")).to_be_visible()
    (run,) = [run for run in yard.runs.list(project=trained.run.project_id) if run.name.startswith("By form")]
    assert run.config == {**trained.run.config, "epochs": 2}
    assert run.then == ("evaluate",)
    yard.runs.cancel(run.id)


def test_a_knob_that_cannot_work_is_marked_and_nothing_is_made(page: Page, stack, yard, trained):
    _open(page, stack, trained.run.project_id)
    _name(page, "Too small")
    page.get_by_text("Balanced", exact=False).first.click()
    # Of the other preset: the form has been drawn anew.
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("20")
    page.get_by_role("spinbutton", name="Image size (pixels)").fill("8")
    page.get_by_role("spinbutton", name="Image size (pixels)").press("Tab")
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("needs at least").first).to_be_visible()
    assert "Too small" not in {each.name for each in yard.experiments.list(trained.run.project_id)}


def test_data_that_cannot_be_used_is_shown_with_the_reason(page: Page, stack, trained, broken):
    _open(page, stack, trained.run.project_id)
    expect(page.get_by_role("checkbox", name=broken)).to_be_disabled()
    expect(page.get_by_text("Its import failed.")).to_be_visible()


def test_an_experiment_like_another_begins_with_its_knobs(page: Page, stack, yard, trained):
    page.goto(f"{stack.console_url}/new_experiment?from={trained.run.experiment_id}")
    expect(page.get_by_label("Name", exact=True)).to_have_value("main-path again")
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value(
        str(trained.run.config["epochs"])
    )
