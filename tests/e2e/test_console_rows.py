"""Texts and rows of tables on the Browse page, in a real Chromium."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from libs.client import Modelyard
from libs.common.contracts.datasets import Dataset
from libs.common.ids import new_id
from tests.e2e.photos import browse


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
