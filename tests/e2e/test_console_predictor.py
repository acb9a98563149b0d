"""Asking a model in a real Chromium, the component by itself: what is sent, drawn and refused."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from tests.e2e.components import GATEWAY, SQUARE, Mount, mounting

PREDICTOR = ("predictor", "gateway", "elements", "overlay", "masks", "answer")
FILE: FilePayload = {"name": "quay.svg", "mimeType": "image/svg+xml", "buffer": SQUARE}
# The page has no address of its own, so its origin is called null.
CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "null",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Headers": "content-type",
}
BOXES = {
    "type": "boxes",
    "boxes": [
        {"label": "boat", "score": 0.9, "cx": 9, "cy": 6, "width": 10, "height": 6, "angle": 0},
        {"label": "crane", "score": 0.4, "cx": 20, "cy": 15, "width": 10, "height": 4, "angle": np.pi / 2},
    ],
}
MASKS = {
    "type": "masks",
    "width": 40,
    "height": 30,
    "masks": [{"label": "boat", "score": 0.8, "rle": "0hb0hb0"}],
}
HEAT = {
    "type": "anomaly", "score": 0.7, "threshold": 0.5, "is_anomalous": True, "heat_map": [[0, 1], [0.2, 0]],
}  # fmt: skip
LABELS = {
    "type": "labels",
    "labels": ["crane"],
    "scores": [{"label": "boat", "score": 0.1}, {"label": "crane", "score": 0.8}],
}
ONE_CLASS = {
    "type": "class", "label": "boat", "score": 0.75,
    "scores": [{"label": "boat", "score": 0.75}, {"label": "crane", "score": 0.25}],
}  # fmt: skip
REFUSAL = {"title": "The model refuses", "code": "prediction_refused", "detail": "boat with 0.41, below 0.5"}


@pytest.fixture
def says() -> dict[str, Any]:
    """What the gateway answers from now on."""
    return {"status": 200, "prediction": ONE_CLASS}


@pytest.fixture
def mount(browser: Browser, says: dict[str, Any]) -> Iterator[Mount]:
    def answer(route: Route) -> None:
        if "/predict" not in route.request.url:
            route.fulfill(content_type="image/svg+xml", body=SQUARE, headers=CROSS_ORIGIN)
            return
        said = says.get("problem") or {
            "deployment": "meter", "model": "harbour", "version": 2, "predictions": [says["prediction"]],
            "refused": says.get("refused", []), "latency_ms": 2.25,
        }  # fmt: skip
        route.fulfill(status=says["status"], body=json.dumps(said), headers=CROSS_ORIGIN)

    with mounting(browser, answer) as mount:
        yield mount


def data(**changes: Any) -> dict[str, Any]:
    return {
        "url": GATEWAY, "name": "meter", "classes": ["boat", "crane"], "is_answering": True, "canary": None,
        "samples": [{"id": "s1", "name": "harbour/s1.png", "truth": ["crane"]}], **changes,
    }  # fmt: skip


def asked(mount: Mount, **changes: Any) -> Page:
    page = mount(PREDICTOR, data(**changes))
    page.locator("input[type=file]").set_input_files([FILE])
    return page


def test_a_class_comes_with_bars_version_and_time(mount: Mount):
    page = asked(mount)
    expect(page.get_by_role("heading")).to_have_text("boat")
    expect(page.get_by_role("listitem")).to_have_text(["boat75.0 %", "crane25.0 %"])
    expect(page.locator(".chip")).to_have_text(["harbour v2"])
    expect(page.locator(".took")).to_have_text("2.3 ms")


def test_an_answer_of_a_version_on_trial_is_marked(mount: Mount):
    page = asked(mount, canary={"model": "harbour", "version": 2})
    expect(page.locator(".chip")).to_have_text(["harbour v2", "canary"])


def test_the_picture_is_sent_as_it_is(mount: Mount):
    page = mount(PREDICTOR, data())
    with page.expect_request("**/v1/deployments/meter/predict") as sent:
        page.locator("input[type=file]").set_input_files([FILE])
    assert sent.value.post_data_buffer == SQUARE
    assert sent.value.headers["content-type"] == "image/svg+xml"


def test_a_sample_is_compared_with_its_label(mount: Mount):
    page = mount(PREDICTOR, data())
    page.get_by_role("img", name="harbour/s1.png").click()
    expect(page.get_by_text("✗ it is labelled crane")).to_be_visible()


def test_classes_below_the_threshold_are_paler(mount: Mount, says: dict[str, Any]):
    says["prediction"] = LABELS
    page = asked(mount)
    expect(page.get_by_role("heading")).to_have_text("crane")
    expect(page.locator(".bars .off")).to_have_text(["boat10.0 %"])


def test_boxes_lie_over_the_picture(mount: Mount, says: dict[str, Any]):
    """40 × 30 pixels in a stage that is wider than that, so the height decides."""
    says["prediction"] = BOXES
    page = asked(mount)
    expect(page.locator(".stage .shape")).to_have_count(2)
    places = page.evaluate("""() => {
        const shadow = document.querySelector("div").shadowRoot
        const stage = shadow.querySelector(".stage").getBoundingClientRect(), scale = stage.height / 30
        const left = stage.x + (stage.width - 40 * scale) / 2
        return [...shadow.querySelectorAll(".shape")].map((shape) => {
            const box = shape.getBoundingClientRect()
            return [(box.x - left) / scale, (box.y - stage.y) / scale, box.width / scale, box.height / scale]
        })
    }""")
    np.testing.assert_allclose(places, [[4, 3, 10, 6], [18, 10, 4, 10]], atol=0.7)


@pytest.mark.parametrize(("prediction", "drawn"), [(MASKS, "masks"), (HEAT, "heat")], ids=["masks", "heat"])
def test_masks_and_heat_are_painted(mount: Mount, says: dict[str, Any], prediction, drawn: str):
    says["prediction"] = prediction
    page = asked(mount)
    expect(page.locator(f".stage .{drawn}")).to_be_visible()
    coloured = page.locator(f".stage .{drawn}").evaluate("""(canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        return data.some((value) => value > 0)
    }""")
    assert coloured


def test_a_refusal_is_no_error(mount: Mount, says: dict[str, Any]):
    says.update(status=403, problem=REFUSAL)
    page = asked(mount)
    expect(page.locator(".said .unsure")).to_have_text("The model refuses")
    expect(page.get_by_text("boat with 0.41, below 0.5")).to_be_visible()
    expect(page.locator(".failed")).to_have_count(0)


def test_what_the_model_is_not_sure_of_is_shown_with_a_warning(mount: Mount, says: dict[str, Any]):
    says["refused"] = [0]
    page = asked(mount)
    expect(page.get_by_text("not sure enough of this to be believed")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(2)


def test_the_last_answers_stay_in_reach(mount: Mount, says: dict[str, Any]):
    page = asked(mount)
    expect(page.get_by_role("heading")).to_have_text("boat")
    says.update(
        status=422, problem={"title": "An image cannot be used", "errors": [{"row": 0, "message": "cut"}]}
    )
    page.locator("input[type=file]").set_input_files([{**FILE, "name": "other.svg"}])
    expect(page.get_by_text("cut", exact=True)).to_be_visible()
    tiles = page.get_by_role("group", name="Last answers").get_by_role("button")
    expect(tiles).to_have_text(["error", "boat"])
    tiles.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("boat")
    expect(tiles.nth(1)).to_be_focused()
    page.evaluate("data => update(data)", data(name="other"))
    expect(tiles).to_have_count(0)


def test_pictures_are_pasted_and_dropped(mount: Mount):
    page = mount(PREDICTOR, data())
    page.evaluate(
        """(square) => {
        const carried = (name) => {
            const transfer = new DataTransfer()
            transfer.items.add(new File([square], name, { type: "image/svg+xml" }))
            return transfer
        }
        document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried("pasted.svg") }))
        const root = document.querySelector("div").shadowRoot.querySelector(".root")
        root.dispatchEvent(new DragEvent("drop", { dataTransfer: carried("dropped.svg"), bubbles: true }))
    }""",
        SQUARE.decode(),
    )
    expect(page.get_by_role("group", name="Last answers").get_by_role("button")).to_have_text(
        ["boat", "boat"]
    )
    expect(page.get_by_text("dropped.svg")).to_be_visible()


def test_nothing_is_asked_while_nothing_answers(mount: Mount):
    page = mount(PREDICTOR, data(is_answering=False))
    expect(page.get_by_role("button", name="Choose images")).to_be_disabled()
    expect(page.locator(".thumbnail")).to_be_disabled()
