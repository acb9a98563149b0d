"""Datasets in a real Chromium: what they hold, why there is nothing, more of it, all of it as a file."""

import re
import shutil
import zipfile

import pytest
from playwright.sync_api import Page, expect

from libs.common.contracts.sources import PathSource, SampleSource
from libs.common.ids import new_id
from tests.console import in_both_themes
from tests.e2e.pages import fill, opened, press, shown
from tests.e2e.pictures import pictures

SHAPES = SampleSource(name="shapes")


@in_both_themes
def test_a_dataset_shows_figures_samples_and_classes(page: Page, stack, shapes):
    opened(page, stack, f"dataset?id={shapes.id}")
    shown(page, "A few of them")
    expect(page.locator(".tile")).to_have_count(5)
    expect(page.get_by_role("img", name="Classes and their sizes")).to_be_visible()


@pytest.mark.parametrize(("sample", "words"), [("captions", "background"), ("measurements", "material")])
def test_captions_and_rows_are_previewed(page: Page, stack, yard, emptied, sample, words):
    made = yard.datasets.wait(yard.datasets.create(emptied.id, sample, SampleSource(name=sample)).id)
    opened(page, stack, f"dataset?id={made.id}")
    expect(page.locator(".tile").first).to_contain_text(words)


def test_a_raw_dataset_is_imported_later_renamed_and_deleted(page: Page, stack, yard, emptied):
    made = yard.datasets.create(emptied.id, "raw one", SHAPES, is_raw=True)
    opened(page, stack, f"datasets?project={emptied.id}")
    shown(page, "raw")
    page.get_by_role("link", name="raw one").click()
    press(page, "Import now")
    shown(page, "A few of them")
    press(page, "Rename")
    fill(page, "Name", "better *name*")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="better *name*")).to_be_visible()
    press(page, "Delete")
    fill(page, "Type its name to go on", "better *name*")
    press(page, "Delete for good")
    expect(page).to_have_url(re.compile(f"datasets.*project={emptied.id}"))
    shown(page, "No dataset yet")
    assert made.id not in {each.id for each in yard.datasets.list(emptied.id)}


@in_both_themes
def test_a_source_that_is_gone_is_said_and_imported_when_it_is_back(
    page: Page, stack, yard, emptied, tmp_path
):
    kept = pictures(tmp_path / "kept.zip")
    lies = stack.stack.imports / f"{new_id()}.zip"
    shutil.copy(kept, lies)
    made = yard.datasets.create(emptied.id, "on a disk", PathSource(path=str(lies)), is_raw=True)
    lies.unlink()
    opened(page, stack, f"dataset?id={made.id}")
    shown(page, "not found")
    expect(page.get_by_role("alert").filter(has_text="Its source is gone")).to_contain_text(lies.name)
    press(page, "Import now")
    expect(page.get_by_role("alert").filter(has_text="No such file")).to_contain_text(lies.name)
    shutil.copy(kept, lies)
    press(page, "Import now")
    shown(page, "A few of them")
    assert yard.datasets.wait(made.id).num_samples == 40


def test_why_an_import_failed_is_on_the_list_and_on_its_page(page: Page, stack, yard, emptied, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK nothing")
    made = yard.datasets.create(emptied.id, "broken", yard.uploads.send(tmp_path / "bad.zip").id)
    opened(page, stack, f"datasets?project={emptied.id}")
    shown(page, "not a ZIP file")
    opened(page, stack, f"dataset?id={made.id}")
    shown(page, "not a ZIP file")
    expect(page.get_by_role("button", name="Import now")).to_be_enabled()


def test_more_data_makes_a_version(page: Page, stack, yard, emptied, tmp_path):
    sent = yard.uploads.send(pictures(tmp_path / "pictures.zip")).id
    made = yard.datasets.wait(yard.datasets.create(emptied.id, "grows", sent).id)
    opened(page, stack, f"dataset?id={made.id}")
    press(page, "Add data")
    expect(page.get_by_role("heading", name="Add data to grows")).to_be_visible()
    page.get_by_text("Sample data", exact=True).click()
    press(page, "Add the samples")
    expect(page.get_by_role("heading", name="grows", exact=True)).to_be_visible()
    shown(page, "220")
    assert yard.datasets.wait(made.id).version == 2


def test_an_export_is_made_and_downloaded(page: Page, stack, shapes):
    opened(page, stack, f"dataset?id={shapes.id}&section=exports")
    press(page, "Export")
    shown(page, "completed")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").first.click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == shapes.num_samples
