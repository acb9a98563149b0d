"""One component of the console by itself in a real page, with a gateway that answers what a test says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, Route

FOLDER = Path(__file__).parents[2] / "frontend-streamlit" / "comp"
GATEWAY = "http://gateway.test"
SQUARE = (
    b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'><rect width='40' height='30'/></svg>"
)
MOUNT = """async ([script, styles]) => {
    const host = document.createElement("div")
    document.body.replaceChildren(host)
    const parentElement = host.attachShadow({ mode: "open" })
    const root = document.createElement("div"), style = document.createElement("style")
    root.className = "root"
    style.textContent = styles
    parentElement.append(style, root)
    const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
    window.told = []
    const setStateValue = (name, value) => told.push([name, value])
    const setTriggerValue = setStateValue
    window.update = (data) => module.default({ data, parentElement, setStateValue, setTriggerValue })
}"""
BOX = {"type": "box", "label": "boat", "tone": 1, "x": 4, "y": 3, "width": 10, "height": 6}
TURNED = {
    "type": "rotated_box", "label": "crane", "tone": 2, "cx": 20, "cy": 15, "width": 10, "height": 4,
    "angle": np.pi / 2,
}  # fmt: skip
Mount = Callable[[Sequence[str], dict[str, Any]], Page]


@contextmanager
def mounting(browser: Browser, answer: Callable[[Route], None]) -> Iterator[Mount]:
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(f"{GATEWAY}/**", answer)

    def mounted(names: Sequence[str], data: dict[str, Any]) -> Page:
        script = "".join((FOLDER / f"{name}.js").read_text() for name in names)
        styles = (path for name in names if (path := FOLDER / f"{name}.css").exists())
        page.evaluate(MOUNT, [script, "".join(style.read_text() for style in styles)])
        page.evaluate("data => update(data)", data)
        return page

    yield mounted
    context.close()
    assert not errors


def answer(route: Route) -> None:
    """With a picture, unless a broken one is asked for."""
    if "broken" in route.request.url:
        route.fulfill(status=404)
    else:
        route.fulfill(content_type="image/svg+xml", body=SQUARE)


def tile(given: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": given, "name": f"folder/{given}", "kind": "image", "width": 40, "height": 30, "labels": [],
        "line": "", "excerpt": "", "fields": [], "shapes": [], "verdict": None, "rows": [], **changes,
    }  # fmt: skip


def told(page: Page) -> list[list[Any]]:
    return page.evaluate("told")
