"""What components say by themselves: a sign-in that is refused, and samples that are no images."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.components import GATEWAY, Mount, mounting

LOGIN = ("login", "gateway", "elements")
GRID = ("sample_grid", "gateway", "elements", "overlay", "masks")
CORS = {"Access-Control-Allow-Origin": "null", "Access-Control-Allow-Credentials": "true"}
SENT = {"Access-Control-Allow-Headers": "content-type", "Access-Control-Allow-Methods": "POST"}
SAMPLES = {
    "letter": {"excerpt": "Dear Sir or Madam", "fields": {}},
    "record": {"excerpt": None, "fields": {"price": 12.5, "town": "Ulm"}},
    "line": {"excerpt": '{"price": 7}', "fields": {}},
}


def answer(route: Route) -> None:
    request = route.request
    if request.method == "OPTIONS":
        route.fulfill(status=204, headers=CORS | SENT)
    elif request.url.endswith("/v1/auth"):
        route.fulfill(headers=CORS, json={"provider": "Example ID"})
    elif request.url.endswith("/v1/auth/login"):
        tries = (request.post_data_json or {}).get("name")
        headers = CORS | {"Access-Control-Expose-Headers": "Retry-After"}
        if tries == "hasty":
            route.fulfill(
                status=429, headers=headers | {"Retry-After": "874"}, json={"detail": "too many tries"}
            )
        else:
            route.fulfill(status=401, headers=headers, json={"detail": "they do not belong together"})
    else:
        route.fulfill(headers=CORS, json=SAMPLES[request.url.rpartition("/")[2]])


@pytest.fixture
def mount(browser: Browser) -> Iterator[Mount]:
    with mounting(browser, answer) as mount:
        yield mount


@pytest.mark.parametrize(
    ("name", "words"),
    [("nobody", "They do not belong together."), ("hasty", "Too many tries. Come back in 15 minutes.")],
)
def test_a_refused_sign_in_says_why_and_can_be_tried_again(mount: Mount, name: str, words: str):
    page = mount(LOGIN, {"url": GATEWAY})
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text(words)
    expect(page.get_by_role("button", name="Sign in")).to_be_enabled()


def test_an_identity_provider_is_offered_where_there_is_one(mount: Mount):
    page = mount(LOGIN, {"url": GATEWAY})
    link = page.get_by_role("link", name="Sign in with Example ID")
    expect(link).to_be_visible()
    expect(link).to_have_attribute("href", f"{GATEWAY}/v1/auth/oidc")


def test_results_of_texts_and_rows_show_what_the_sample_says(mount: Mount):
    kinds = {"letter": "text", "record": "row", "line": "row"}
    tiles = [
        {
            "id": given, "name": given, "kind": kind, "width": 0, "height": 0, "labels": [], "line": "",
            "excerpt": "", "fields": [], "shapes": [], "verdict": "right", "rows": [],
        }
        for given, kind in kinds.items()
    ]  # fmt: skip
    page = mount(GRID, {"url": GATEWAY, "tiles": tiles, "tile_size": "8rem", "has_previous": False,
                        "has_next": False, "can_tick": False})  # fmt: skip
    said = [page.get_by_role("option").nth(place).locator(".picture") for place in range(3)]
    expect(said[0]).to_have_text("Dear Sir or Madam")
    expect(said[1]).to_have_text("price12.5townUlm")
    expect(said[2]).to_have_text("price7")
