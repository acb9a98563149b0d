"""Samples are changed and deleted on the Browse page, in a real Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from libs.client import Modelyard
from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.datasets import Dataset
from tests.e2e.pages import choose
from tests.e2e.photos import browse, counted, import_photos


@pytest.fixture
def edited(yard: Modelyard, tmp_path: Path) -> Dataset:
    """One that a test may change."""
    return import_photos(yard, tmp_path)


def test_a_changed_class_makes_a_version(page: Page, stack, yard, edited):
    sample = yard.samples.page(edited.id, limit=1).items[0]
    browse(page, stack, edited, f"&sample={sample.id}")
    expect(page.locator(".stage")).to_be_visible()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Class").click()
    page.get_by_test_id("stSelectboxVirtualDropdown").get_by_role("option", name="temple").click()
    expect(page.get_by_text("a new version")).to_be_visible()
    expect(page.locator(".side .head")).to_have_text("temple")
    assert yard.samples.get(sample.id).labels == ("temple",)
    assert yard.samples.get(sample.id, version=1).labels == ("flower",)
    assert yard.datasets.get(edited.id).version == 2


def test_a_class_that_another_changed_meanwhile_is_not_written_over(page: Page, stack, yard, edited):
    sample = yard.samples.page(edited.id, limit=1).items[0]
    browse(page, stack, edited, f"&sample={sample.id}")
    expect(page.locator(".stage")).to_be_visible()
    yard.samples.annotate(sample.id, [LabelAnnotation(label="bud")])
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Class").click()
    page.get_by_test_id("stSelectboxVirtualDropdown").get_by_role("option", name="temple").click()
    expect(dialog.get_by_role("alert")).to_contain_text("changed in version 2")
    expect(dialog.get_by_role("combobox", name="Class")).to_have_value("flower")
    assert yard.samples.get(sample.id).labels == ("bud",)


def test_ticked_samples_are_deleted_and_the_version_before_keeps_them(page: Page, stack, yard, edited):
    browse(page, stack, edited)
    page.locator(".tile").nth(1).hover()
    page.locator(".tick").nth(1).click()
    page.locator(".tile").nth(4).click(modifiers=["Shift"])
    page.get_by_role("button", name="Delete 4 ticked").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("blurred")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    counted(page, "1–60 of 146")
    expect(page.locator(".tile[aria-selected=true]")).to_have_count(0)
    newest = next(yard.datasets.versions(edited.id))
    assert (newest.version, newest.num_samples, newest.message) == (2, 146, "blurred")
    browse(page, stack, edited)
    counted(page, "1–60 of 146")
    choose(page, "Version", "Version 1")
    counted(page, "1–60 of 150")
    expect(page.get_by_text("older version, read only")).to_be_visible()
    page.locator(".tile").nth(1).hover()
    expect(page.locator(".tick").nth(1)).to_be_hidden()


def test_who_may_only_look_is_offered_no_change(onlooker: Page, stack, photos):
    browse(onlooker, stack, photos)
    onlooker.locator(".tile").first.hover()
    expect(onlooker.locator(".tick").first).to_be_hidden()
    onlooker.locator(".tile").first.click()
    expect(onlooker.locator(".stage")).to_be_visible()
    expect(onlooker.get_by_role("dialog").get_by_role("combobox")).to_have_count(0)
