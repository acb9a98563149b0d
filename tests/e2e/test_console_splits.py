"""Splits in a real Chromium: looked at, saved for good, checked for leaks."""

import re
import zipfile

from PIL import Image
from playwright.sync_api import Page, expect

from libs.common.contracts.splits import FieldSplit, NoSplit, RatioSplit
from libs.common.ids import new_id
from tests.console import in_both_themes
from tests.e2e.pages import fill, opened, press, shown
from tests.e2e.pictures import png


@in_both_themes
def test_a_split_is_looked_at_and_saved_for_good(page: Page, stack, yard, shapes):
    name = f"split {new_id()}"
    opened(page, stack, f"splits?dataset={shapes.id}")
    expect(page.get_by_role("img", name="Classes of every subset").first).to_be_visible()
    fill(page, "train %", "70")
    shown(page, "The shares add up to 90 %")
    fill(page, "val %", "20")
    fill(page, "Name", name)
    press(page, "Save and lock")
    shown(page, f"{name} is saved and locked")
    (saved,) = [each for each in yard.splits.list(shapes.id) if each.name == name]
    assert isinstance(saved.method, RatioSplit)
    assert saved.method.ratios == {"train": 0.7, "val": 0.2, "test": 0.1}


def test_everything_in_one_subset_by_names_and_by_rules(page: Page, stack, yard, shapes):
    opened(page, stack, f"splits?dataset={shapes.id}")
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
    assert NoSplit() in [each.method for each in yard.splits.list(shapes.id)]


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
