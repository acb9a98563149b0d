"""The console's pages about data in a real Chromium: datasets, imports, versions, splits, exports."""

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from libs.client import Modelyard
from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.projects import Project
from libs.common.contracts.sources import PathSource, SampleSource
from libs.common.contracts.splits import FieldSplit, NoSplit, RatioSplit
from libs.common.ids import new_id
from tests.console import opened_page
from tests.e2e.menus import menus

SHAPES = SampleSource(name="shapes")


@pytest.fixture
def page(browser: Browser, stack, request) -> Iterator[Page]:
    with opened_page(browser, request.node.name, getattr(request, "param", "light")) as opened:
        yield opened


in_both_themes = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)


@pytest.fixture(scope="module")
def project(yard: Modelyard) -> Project:
    return yard.projects.create(f"Data {new_id()}", "classification", "What *stars* and `ticks` say")


@pytest.fixture(scope="module")
def dataset(yard: Modelyard, project: Project) -> Dataset:
    """Three versions: imported, one sample with another class, one sample fewer."""
    made = yard.datasets.wait(yard.datasets.create(project.id, "shapes", SHAPES).id)
    first, second = yard.samples.page(made.id, limit=2).items
    yard.samples.annotate(first.id, [LabelAnnotation(label="star")])
    yard.datasets.edit(made.id, remove=[second.id], message="a bad one")
    return yard.datasets.get(made.id)


@pytest.fixture
def emptied(yard: Modelyard) -> Project:
    return yard.projects.create(f"Empty {new_id()}", "classification")


def pictures(path: Path, *, num_broken: int = 0) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            picture = Image.effect_noise((40 + number, 32), 60)
            archive.writestr(f"{'dark' if number < 25 else 'pale'}/{number:03}.png", png(picture))
        for number in range(num_broken):
            archive.writestr(f"dark/broken-{number}.png", b"no picture")
    return path


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def opened(page: Page, stack, address: str) -> None:
    page.goto(f"{stack.console_url}/{address}")


def shown(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")


# Projects


def test_a_project_gets_another_name_and_is_deleted_by_typing_it(page: Page, stack, yard):
    old, new = f"Old {new_id()}", f"New {new_id()}"
    made = yard.projects.create(old, "classification")
    opened(page, stack, f"?q={old}")
    menus(page).first.click()
    page.get_by_text("Change", exact=True).click()
    fill(page, "Name", new)
    press(page, "Save")
    shown(page, f"Saved {new}")
    assert yard.projects.get(made.id).name == new
    opened(page, stack, f"?q={new}")
    menus(page).first.click()
    page.get_by_text("Delete", exact=True).click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_disabled()
    fill(page, "Type its name to go on", new)
    press(page, "Delete for good")
    shown(page, f"Deleted {new}")
    assert made.id not in {each.id for each in yard.projects.list()}


def test_an_empty_project_leads_to_its_first_dataset(page: Page, stack, emptied):
    opened(page, stack, f"project?id={emptied.id}")
    press(page, "Register the first")
    expect(page).to_have_url(re.compile(f"register.*project={emptied.id}"))


def test_the_menu_holds_only_what_needs_no_choice(page: Page, stack, dataset):
    opened(page, stack, f"dataset?id={dataset.id}")
    expect(page.get_by_test_id("stSidebarNavLink")).to_contain_text(
        ["Projects", "Datasets", "Experiments", "Queue", "System"]
    )


# Registering


@in_both_themes
def test_an_upload_is_looked_at_and_imported(page: Page, stack, yard, emptied, tmp_path):
    opened(page, stack, f"register?project={emptied.id}")
    fill(page, "Name", "Sent by hand")
    expect(page.get_by_role("button", name="Import")).to_be_disabled()
    archive = pictures(tmp_path / "pictures.zip", num_broken=3)
    page.locator("input[type=file]").set_input_files(archive)
    expect(page.get_by_role("button", name="Another file")).to_be_visible()
    press(page, "Look thoroughly")
    shown(page, "Samples found")
    shown(page, "3 image unreadable")
    assert not list(yard.datasets.list(emptied.id))
    press(page, "Import")
    expect(page.get_by_role("heading", name="Sent by hand")).to_be_visible()
    shown(page, re.compile("A few of them"))
    (made,) = yard.datasets.list(emptied.id)
    assert (made.status, made.num_samples) == (DatasetStatus.READY, 40)
    page.get_by_text("Import report").click()
    shown(page, "Samples rejected")
    with page.expect_download() as saved:
        press(page, "Every problem as CSV")
    assert saved.value.path().read_text().count("broken-") == 3


def test_a_look_at_another_source_does_not_stay(page: Page, stack, emptied):
    opened(page, stack, f"register?project={emptied.id}")
    page.get_by_text("Sample data", exact=True).click()
    press(page, "Look first")
    shown(page, "Samples found")
    page.get_by_text("Server path", exact=True).click()
    expect(page.get_by_text("Samples found")).to_have_count(0)
    page.get_by_text("Sample data", exact=True).click()
    expect(page.get_by_role("button", name="Look first")).to_be_enabled()
    expect(page.get_by_text("Samples found")).to_have_count(0)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("Server path", {"Path": "/etc/passwd"}, "/etc/passwd"),
        ("S3", {"Bucket": "somebody-elses"}, "somebody-elses"),
        ("URL", {"Address": "http://127.0.0.1:1/a.zip"}, "127.0.0.1"),
    ],
)
def test_a_source_that_is_refused_is_told_on_the_page(page: Page, stack, yard, emptied, kind, fields, words):
    opened(page, stack, f"register?project={emptied.id}")
    fill(page, "Name", "Not allowed")
    page.get_by_text(kind, exact=True).click()
    for label, text in fields.items():
        fill(page, label, text)
    press(page, "Look first")
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(page.get_by_role("button", name="Import")).to_be_enabled()


def test_what_cannot_be_a_source_is_said_as_it_is_typed(page: Page, stack, emptied):
    opened(page, stack, f"register?project={emptied.id}")
    page.get_by_text("S3", exact=True).click()
    fill(page, "Bucket", "Not A Bucket")
    shown(page, re.compile("bucket: String should match pattern"))
    page.get_by_text("Hugging Face", exact=True).click()
    fill(page, "Dataset", "owner/a name")
    shown(page, re.compile("repository: String should match pattern"))
    expect(page.get_by_role("button", name="Look first")).to_be_disabled()


def test_an_upload_goes_on_while_the_page_is_run_anew_and_can_be_taken_back(
    page: Page, stack, emptied, tmp_path
):
    held: list[Route] = []
    page.route("**/content", lambda route: held.append(route))
    opened(page, stack, f"register?project={emptied.id}")
    archive = pictures(tmp_path / "pictures.zip")
    page.locator("input[type=file]").set_input_files(archive)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    fill(page, "Name", "While it is sent")
    page.get_by_text("Only register").click()
    expect(page.get_by_role("button", name="Register", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    held.pop().continue_()
    expect(page.get_by_role("button", name="Another file")).to_be_visible()
    expect(page.get_by_role("button", name="Register", exact=True)).to_be_enabled()
    press(page, "Another file")
    expect(page.get_by_role("button", name="Register", exact=True)).to_be_disabled()
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.locator("input[type=file]").set_input_files(archive)
        page.wait_for_timeout(300)
        press(page, "Cancel")
    expect(page.get_by_text("Choose a file")).to_be_visible()


def test_a_broken_line_is_told_where_the_file_was_chosen(page: Page, stack, emptied, tmp_path):
    page.route("**/content", lambda route: route.abort())
    opened(page, stack, f"register?project={emptied.id}")
    page.locator("input[type=file]").set_input_files(pictures(tmp_path / "pictures.zip"))
    shown(page, "The connection broke while the file was sent. Try again.")
    expect(page.get_by_text("Choose a file")).to_be_visible()


# Datasets


@in_both_themes
def test_a_dataset_shows_figures_samples_and_classes(page: Page, stack, dataset):
    opened(page, stack, f"dataset?id={dataset.id}")
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


def test_an_export_is_made_and_downloaded(page: Page, stack, dataset):
    opened(page, stack, f"dataset?id={dataset.id}&section=exports")
    press(page, "Export")
    shown(page, "completed")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").first.click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == dataset.num_samples


# Versions


@in_both_themes
def test_two_versions_are_compared_by_what_they_show(page: Page, stack, dataset):
    opened(page, stack, f"versions?dataset={dataset.id}&version=3&against=1")
    shown(page, "Version 3 against")
    shown(page, "before, in version 1")
    expect(page.locator(".tile")).to_have_count(3)
    expect(page.locator(".tile").nth(1)).to_contain_text("circle")
    expect(page.locator(".tile").nth(2)).to_contain_text("star")
    page.locator(".tile").first.click()
    expect(page).to_have_url(re.compile("browse.*version=1.*sample="))


def test_an_old_version_is_restored_as_a_new_one(page: Page, stack, yard, emptied):
    made = yard.datasets.wait(yard.datasets.create(emptied.id, "kept", SHAPES).id)
    yard.samples.delete(yard.samples.page(made.id, limit=1).items[0].id)
    opened(page, stack, f"versions?dataset={made.id}&version=1")
    press(page, "Restore")
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    shown(page, "Version 3 holds what version 1 held")
    assert yard.datasets.get(made.id).num_samples == made.num_samples


def test_a_version_that_never_was_is_said_so(page: Page, stack, dataset):
    opened(page, stack, f"versions?dataset={dataset.id}&version=99")
    shown(page, "has no version 99")


# Splits


@in_both_themes
def test_a_split_is_looked_at_and_saved_for_good(page: Page, stack, yard, dataset):
    name = f"split {new_id()}"
    opened(page, stack, f"splits?dataset={dataset.id}")
    expect(page.get_by_role("img", name="Classes of every subset").first).to_be_visible()
    fill(page, "train %", "70")
    shown(page, "The shares add up to 90 %")
    fill(page, "val %", "20")
    fill(page, "Name", name)
    press(page, "Save and lock")
    shown(page, f"{name} is saved and locked")
    (saved,) = [each for each in yard.splits.list(dataset.id) if each.name == name]
    assert isinstance(saved.method, RatioSplit)
    assert saved.method.ratios == {"train": 0.7, "val": 0.2, "test": 0.1}


def test_everything_in_one_subset_by_names_and_by_rules(page: Page, stack, yard, dataset):
    opened(page, stack, f"splits?dataset={dataset.id}")
    page.get_by_text("By names", exact=True).click()
    fill(page, "val", "*00?.png")
    shown(page, re.compile(r"samples are left out"))
    page.get_by_text("By rules", exact=True).click()
    shown(page, "The first rule that fits decides.")
    page.get_by_text("All in one", exact=True).click()
    shown(page, "100.0%")
    name = f"one {new_id()}"
    fill(page, "Name", name)
    press(page, "Save and lock")
    shown(page, f"{name} is saved and locked")
    assert NoSplit() in [each.method for each in yard.splits.list(dataset.id)]


@in_both_themes
def test_what_is_trained_on_and_tested_is_shown_by_the_leak_check(page: Page, stack, yard, emptied, tmp_path):
    """The same picture, once a little brighter, in two subsets of the source."""
    twins = tmp_path / "twins.zip"
    with zipfile.ZipFile(twins, "w") as archive:
        for number in range(6):
            picture = Image.effect_noise((8, 8), 90).resize((64, 64), Image.Resampling.BICUBIC)
            archive.writestr(f"train/pale/{number}.png", png(picture))
            if number < 2:
                archive.writestr(f"test/pale/twin-{number}.png", png(picture.point(lambda value: value + 1)))
        archive.writestr("test/pale/alone.png", png(Image.linear_gradient("L")))
    made = yard.datasets.wait(yard.datasets.create(emptied.id, "twins", yard.uploads.send(twins).id).id)
    yard.splits.create(made.id, "as it came", FieldSplit())
    opened(page, stack, f"splits?dataset={made.id}")
    press(page, "Check for leaks")
    told = page.get_by_role("alert").filter(has_text="what is tested was trained on")
    expect(told).to_contain_text("2 leaks")
    table = page.get_by_test_id("stTable").filter(has_text="twin-0")
    expect(table).to_contain_text("train")
    expect(table).to_contain_text("twin-1")


# Who may only look, and what is not there


@pytest.fixture
def onlooker(browser: Browser, stack, request) -> Iterator[Page]:
    bearer = {"Authorization": f"Bearer {stack.token}"}
    wanted = {"name": f"looks on {new_id()}", "role": "viewer"}
    made = httpx.post(f"{stack.gateway_url}/v1/tokens", json=wanted, headers=bearer).json()
    with opened_page(browser, request.node.name) as page:
        cookie = {"name": "modelyard_session", "value": made["secret"], "url": stack.console_url}
        page.context.add_cookies([cookie])
        yield page


def test_who_may_only_look_is_offered_no_change(onlooker: Page, stack, dataset, project):
    seen = {
        f"?q={project.name}": project.name,
        f"datasets?project={project.id}": "shapes",
        f"dataset?id={dataset.id}": "A few of them",
        f"dataset?id={dataset.id}&section=exports": "shapes",
        f"register?project={project.id}": "You may look at data, not bring it in.",
        f"versions?dataset={dataset.id}&version=1": "Version 1 against",
        f"splits?dataset={dataset.id}": "Saved splits",
    }
    changing = re.compile("New|Register|Add|Rename|Delete|Import|Export$|Restore|Save|Change")
    for address, words in seen.items():
        opened(onlooker, stack, address)
        shown(onlooker, words)
        expect(onlooker.get_by_role("main").get_by_role("button", name=changing)).to_have_count(0)
        expect(menus(onlooker)).to_have_count(0)


@pytest.mark.parametrize("address", ["dataset?id=", "versions?dataset=", "splits?dataset=", "project?id="])
def test_what_is_not_there_is_said_calmly(page: Page, stack, address):
    opened(page, stack, f"{address}{UUID(int=9)}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such")
    opened(page, stack, f"{address}half-a-link")
    expect(page.get_by_role("alert")).to_contain_text("which is no id")
