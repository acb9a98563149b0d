"""Data is brought in by hand in a real Chromium: sent, looked at, refused, imported."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from libs.common.contracts.datasets import DatasetStatus
from tests.console import in_both_themes
from tests.e2e.pages import fill, opened, press, shown
from tests.e2e.pictures import pictures


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
