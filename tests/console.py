"""The console opened in Chromium: in light or dark, photographed at the end, without an error of a script."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

FOLDER = os.environ.get("MODELYARD_SCREENSHOTS")
PICTURES = Path(FOLDER) if FOLDER else Path(tempfile.gettempdir()) / "modelyard-screenshots"
in_both_themes = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)


@contextmanager
def opened_page(browser: Browser, name: str, scheme: Literal["light", "dark"] = "light") -> Iterator[Page]:
    """The picture is called as `name` says: by the test."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    PICTURES.mkdir(parents=True, exist_ok=True)
    file = re.sub(r"\W+", "-", name)
    page.screenshot(path=PICTURES / f"{file}.png")
    context.close()
    assert not errors
