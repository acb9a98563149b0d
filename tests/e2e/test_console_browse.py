"""The Browse page in a real Chromium on real photographs: grid, filters, pages, one sample large, edits."""

import io
import json
import random
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import numpy as np
import pytest
from faster_coco_eval.core import mask as coco
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sklearn.datasets import load_sample_images

from libs.client import Modelyard
from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    LabelAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
    RotatedBoxAnnotation,
)
from libs.common.contracts.datasets import Dataset
from libs.common.ids import new_id
from tests.console import opened_page

NUM_SAMPLES = 150
WARM_SECONDS = 1.5
# All sixty are there, and each shows its picture.
COMPLETE = """() => {
    const shadows = [...document.querySelectorAll("*")].map((each) => each.shadowRoot)
    const grid = shadows.map((shadow) => shadow?.querySelector(".tiles")).find(Boolean)
    const count = (name) => grid?.querySelectorAll(name).length
    return count(".tile") === 60 && count(".picture.loaded") === 60
}"""


def photos() -> Iterator[tuple[str, bytes]]:
    """Pieces of two photographs, in many shapes."""
    chance = random.Random(0)
    flower, temple = (Image.fromarray(image) for image in reversed(load_sample_images().images))
    for number in range(NUM_SAMPLES):
        name, photo = ("temple", temple) if number % 3 else ("flower", flower)
        width, height = chance.randint(200, 640), chance.randint(150, 420)
        left, top = chance.randint(0, 640 - width), chance.randint(0, 427 - height)
        buffer = io.BytesIO()
        photo.crop((left, top, left + width, top + height)).save(buffer, "JPEG", quality=90)
        yield f"{name}/{number:03}.jpg", buffer.getvalue()


def make(yard: Modelyard, folder: Path) -> Dataset:
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for name, data in photos():
            archive.writestr(name, data)
    project = yard.projects.create(f"Photos {new_id()}", "classification")
    upload = yard.uploads.send(folder / "photos.zip")
    return yard.datasets.wait(yard.datasets.create(project.id, "Photos", upload.id).id)


@pytest.fixture(scope="module")
def dataset(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Its first sample has an annotation of every kind that is drawn."""
    created = make(yard, tmp_path_factory.mktemp("photos"))
    first = yard.samples.page(created.id, limit=1).items[0]
    yard.samples.annotate(first.id, drawn(first.width, first.height), version=created.version)
    return yard.datasets.get(created.id)


@pytest.fixture
def edited(yard: Modelyard, tmp_path: Path) -> Dataset:
    """One that a test may change."""
    return make(yard, tmp_path)


def drawn(width: int, height: int) -> list[Annotation]:
    pixels = np.zeros((height, width), np.uint8)
    pixels[height // 2 :, : width // 3] = 1
    counts = coco.encode(np.asfortranarray(pixels))["counts"]
    right, low = float(width), float(height)
    triangle = ((right * 0.6, low * 0.9), (right * 0.9, low * 0.9), (right * 0.75, low * 0.6))
    points = ((right * 0.4, low * 0.2, 2), (right * 0.45, low * 0.3, 1), (0.0, 0.0, 0))
    return [
        LabelAnnotation(label="flower"),
        BoxAnnotation(label="petal", x=4, y=4, width=right / 4, height=low / 4),
        RotatedBoxAnnotation(label="stem", cx=right / 2, cy=low / 2, width=right / 4, height=12, angle=0.6),
        PolygonAnnotation(label="leaf", parts=(triangle,)),
        MaskAnnotation(
            label="shade",
            width=width,
            height=height,
            rle=counts.decode() if isinstance(counts, bytes) else counts,
        ),
        KeypointsAnnotation(label="insect", points=points),
        CaptionAnnotation(text="A flower <in> front of dark leaves"),
    ]


@pytest.fixture
def page(browser: Browser, stack, request) -> Iterator[Page]:
    with opened_page(browser, request.node.name, getattr(request, "param", "light")) as opened:
        yield opened


in_both_themes = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)


def browse(page: Page, stack, dataset: Dataset, address: str = "") -> None:
    page.goto(f"{stack.console_url}/browse?dataset={dataset.id}{address}")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_test_id("stSelectboxVirtualDropdown").get_by_role("option", name=option).click()


def shown(page: Page, text: str) -> None:
    expect(page.get_by_text(text, exact=True)).to_be_visible()


@in_both_themes
def test_a_page_shows_sixty_pictures_with_names_and_classes(page: Page, stack, dataset):
    browse(page, stack, dataset)
    page.wait_for_function(COMPLETE)
    shown(page, "1–60 of 150")
    expect(page.locator(".tile").nth(1)).to_contain_text("003.jpg")
    expect(page.locator(".tile").nth(1)).to_contain_text("flower")
    expect(page.locator(".tile").first.locator(".shape")).to_have_count(4)


@in_both_themes
def test_one_sample_is_seen_large_with_all_that_is_known_of_it(page: Page, stack, yard, dataset):
    browse(page, stack, dataset)
    page.locator(".tile").first.click()
    expect(page.locator(".stage .shape")).to_have_count(4)
    sample = yard.samples.page(dataset.id, limit=1).items[0]
    assert f"sample={sample.id}" in page.url
    beside = page.locator(".side")
    for text in (sample.sha256, f"{sample.width} × {sample.height}", "“A flower <in> front of dark leaves”"):
        expect(beside.get_by_text(text, exact=True)).to_be_visible()
    expect(beside).to_contain_text("version 2")
    # The mask lies in the lower left corner.
    page.wait_for_function("""() => {
        const canvas = [...document.querySelectorAll("*")]
            .map((each) => each.shadowRoot?.querySelector(".stage canvas")).find(Boolean)
        const at = (x, y) => canvas?.getContext("2d")
            .getImageData(x * canvas.width, y * canvas.height, 1, 1).data[3]
        return at(0.1, 0.9) > 0 && at(0.1, 0.1) === 0 && at(0.9, 0.9) === 0
    }""")


def test_a_link_leads_to_a_sample_and_the_arrows_on_from_it(page: Page, stack, yard, dataset):
    items = yard.samples.page(dataset.id, limit=61).items
    browse(page, stack, dataset, f"&sample={items[58].id}")
    shown(page, "59 of 150")
    expect(page.locator(".stage")).to_be_focused()
    page.keyboard.press("ArrowRight")
    shown(page, "60 of 150")
    page.keyboard.press("ArrowRight")
    shown(page, "61 of 150")
    expect(page).to_have_url(re.compile(f"sample={items[60].id}.*page=2"))
    page.keyboard.press("Escape")
    shown(page, "61–120 of 150")
    assert "sample=" not in page.url


def test_a_sample_of_another_page_is_found_by_its_link(page: Page, stack, yard, dataset):
    last = yard.samples.page(dataset.id, sort="-name", limit=1).items[0]
    browse(page, stack, dataset, f"&sample={last.id}")
    expect(page.locator(".side")).to_contain_text(last.sha256)


def test_pages_are_turned_by_keys_buttons_and_the_browsers_history(page: Page, stack, dataset):
    browse(page, stack, dataset)
    expect(page.get_by_role("button", name="Next").first).to_be_enabled()
    page.keyboard.press("n")
    shown(page, "61–120 of 150")
    page.get_by_role("button", name="Next").last.click()
    shown(page, "121–150 of 150")
    expect(page.get_by_role("button", name="Next").first).to_be_disabled()
    page.locator(".tile").nth(3).focus()
    page.keyboard.press("PageUp")
    shown(page, "61–120 of 150")
    expect(page.locator(".tile").last).to_be_focused()
    page.go_back()
    shown(page, "121–150 of 150")
    page.reload()
    shown(page, "121–150 of 150")


def test_filters_are_in_the_address(page: Page, stack, dataset):
    browse(page, stack, dataset)
    shown(page, "1–60 of 150")
    choose(page, "Class", "temple")
    shown(page, "1–60 of 100")
    assert "label=temple" in page.url
    page.get_by_placeholder("Search names").fill("/01")
    page.keyboard.press("Enter")
    shown(page, "1–7 of 7")
    page.go_back()
    shown(page, "1–60 of 100")
    page.get_by_role("button", name="Clear filters").click()
    shown(page, "1–60 of 150")
    choose(page, "Sort", "Largest first")
    expect(page).to_have_url(re.compile("sort=-size"))


def test_what_nothing_matches_offers_the_way_back(page: Page, stack, dataset):
    browse(page, stack, dataset, "&q=nothing+is+called+so")
    shown(page, "No sample is like that.")
    page.get_by_role("button", name="Show all samples").click()
    shown(page, "1–60 of 150")


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
    shown(page, "1–60 of 146")
    expect(page.locator(".tile[aria-selected=true]")).to_have_count(0)
    newest = next(yard.datasets.versions(edited.id))
    assert (newest.version, newest.num_samples, newest.message) == (2, 146, "blurred")
    browse(page, stack, edited)
    shown(page, "1–60 of 146")
    choose(page, "Version", "Version 1")
    shown(page, "1–60 of 150")
    expect(page.get_by_text("older version, read only")).to_be_visible()
    page.locator(".tile").nth(1).hover()
    expect(page.locator(".tick").nth(1)).to_be_hidden()


def test_who_may_only_look_is_offered_no_change(browser: Browser, stack, dataset, request):
    bearer = {"Authorization": f"Bearer {stack.token}"}
    wanted = {"name": f"looks on {new_id()}", "role": "viewer"}
    made = httpx.post(f"{stack.gateway_url}/v1/tokens", json=wanted, headers=bearer).json()
    with opened_page(browser, request.node.name) as page:
        cookie = {"name": "modelyard_session", "value": made["secret"], "url": stack.console_url}
        page.context.add_cookies([cookie])
        browse(page, stack, dataset)
        page.locator(".tile").first.hover()
        expect(page.locator(".tick").first).to_be_hidden()
        page.locator(".tile").first.click()
        expect(page.locator(".stage")).to_be_visible()
        expect(page.get_by_role("dialog").get_by_role("combobox")).to_have_count(0)


def imported(yard: Modelyard, folder: Path, rows: list[dict[str, object]]) -> Dataset:
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines)
    project = yard.projects.create(f"Rows {new_id()}", "classification")
    upload = yard.uploads.send(folder / "rows.jsonl")
    return yard.datasets.wait(yard.datasets.create(project.id, "Rows", upload.id, "jsonl").id)


def test_a_text_is_read_to_its_end(page: Page, stack, yard, tmp_path):
    text = "The order <b>has</b> not arrived. " * 100 + "Regards, Ada"
    rows = [{"name": f"mail {number}", "text": f"{number} {text}", "annotations": []} for number in range(3)]
    dataset = imported(yard, tmp_path, rows)
    browse(page, stack, dataset)
    expect(page.locator(".tile").first).to_contain_text("0 The order <b>has</b> not arrived.")
    page.locator(".tile").first.click()
    expect(page.locator("article")).to_contain_text("Regards, Ada")


def test_a_row_is_seen_as_names_and_values(page: Page, stack, yard, tmp_path):
    target = [{"type": "target", "name": "price", "value": 241_950}]
    rows = [
        {
            "name": f"house {number}",
            "row": {"area": 59 + number, "district": "Harbour"},
            "annotations": target,
        }
        for number in range(3)
    ]
    browse(page, stack, imported(yard, tmp_path, rows))
    expect(page.locator(".tile dt")).to_have_text(["area", "district"] * 3)
    expect(page.locator(".tile").first).to_contain_text("price 241,950")
    page.locator(".tile").nth(1).click()
    expect(page.locator(".stage dd")).to_have_text(["60", "Harbour"])


def test_a_sample_that_is_gone_is_said_so(page: Page, stack, dataset):
    browse(page, stack, dataset, f"&sample={UUID(int=9)}")
    expect(page.get_by_role("dialog").get_by_text("not in the version that is shown")).to_be_visible()


def test_sixty_pictures_are_there_within_a_second_and_a_half(page: Page, stack, dataset):
    """From the address to the last picture, in a browser that has been there before; the best of three."""
    browse(page, stack, dataset)
    page.wait_for_function(COMPLETE)

    def measured() -> float:
        started = time.perf_counter()
        browse(page, stack, dataset, "&page=1")
        page.wait_for_function(COMPLETE)
        return time.perf_counter() - started

    assert min(measured() for _ in range(3)) < WARM_SECONDS


def test_the_pages_of_a_dataset_lead_to_its_samples(page: Page, stack, dataset):
    page.goto(f"{stack.console_url}/dataset?id={dataset.id}")
    page.get_by_role("link", name="Browse").click()
    shown(page, "1–60 of 150")
