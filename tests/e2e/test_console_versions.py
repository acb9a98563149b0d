"""Versions of a dataset in a real Chromium: compared and restored."""

import re

from playwright.sync_api import Page, expect

from libs.common.contracts.sources import SampleSource
from tests.console import in_both_themes
from tests.e2e.pages import opened, press, shown

SHAPES = SampleSource(name="shapes")


@in_both_themes
def test_two_versions_are_compared_by_what_they_show(page: Page, stack, shapes):
    opened(page, stack, f"versions?dataset={shapes.id}&version=3&against=1")
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


def test_a_version_that_never_was_is_said_so(page: Page, stack, shapes):
    opened(page, stack, f"versions?dataset={shapes.id}&version=99")
    shown(page, "has no version 99")
