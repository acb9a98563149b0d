"""Names that are scripts, on the pages that show them: they are read, and nothing of them happens."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from libs.client import Modelyard
from libs.common.ids import new_id
from tests.e2e.test_bad_input import archive, png
from tests.stack import TestStack

SCRIPT = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
LINK = "[me](javascript:document.title='harmed')![](http://127.0.0.1:9/seen.png)"
# What a file system allows in a name.
LABEL = "<svg onload=document.title='harmed'>"


@dataclass(frozen=True)
class Hostile:
    """Addresses of pages, each with a text that it shows as it is."""

    pages: tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def hostile(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    file = tmp_path_factory.mktemp("hostile") / "hostile.zip"
    shades = ((label, first + n) for label, first in ((LABEL, 0), ("good", 100)) for n in range(10))
    archive(file, {f"{label}/{LABEL}{shade}.png": png(shade) for label, shade in shades})
    mark = str(new_id())[-6:]
    project = yard.projects.create(f"{mark} {SCRIPT}", "classification", LINK)
    dataset = yard.datasets.create(project.id, f"{mark} {SCRIPT}", yard.uploads.send(file).id)
    dataset = yard.datasets.wait(dataset.id)
    split = yard.splits.create(dataset.id, name=f"{mark} {LINK}")
    experiment = yard.experiments.create(project.id, f"{mark} {SCRIPT}", split.id, preset="fast")
    return Hostile(
        (
            ("", mark),
            (f"project?id={project.id}", mark),
            ("datasets", mark),
            (f"dataset?id={dataset.id}", "onload"),
            (f"browse?dataset={dataset.id}", "onload"),
            (f"splits?dataset={dataset.id}", mark),
            (f"experiment?id={experiment.id}", mark),
        )
    )


def test_no_table_is_saved_with_its_formulas(page: Page, stack: TestStack, yard: Modelyard):
    """What Streamlit itself would write; files of the gateway have such cells made harmless."""
    yard.projects.create(f"=cmd|' /C calc'!A0 {new_id()}", "classification")
    page.goto(f"{stack.console_url}/audit")
    table = page.get_by_test_id("stDataFrame").first
    table.hover()
    expect(page.get_by_role("button", name="Fullscreen").first).to_be_visible()

    assert page.get_by_role("button", name="Download as CSV").count() == 0


def test_a_name_that_is_a_script_is_only_a_name(page: Page, stack: TestStack, hostile: Hostile):
    asked: set[str] = set()
    page.on("requestfinished", lambda request: asked.add(urlsplit(request.url).netloc))
    for path, shown in hostile.pages:
        page.goto(f"{stack.console_url}/{path}")
        expect(page.get_by_text(shown).first).to_be_visible()
        page.wait_for_timeout(500)
        assert page.title() != "harmed", path
        assert page.locator("a[href^='javascript']").count() == 0, path
        assert page.locator("img[onerror], svg[onload]").count() == 0, path
    own = {urlsplit(url).netloc for url in (stack.console_url, stack.gateway_url)}
    assert asked - {""} <= own
