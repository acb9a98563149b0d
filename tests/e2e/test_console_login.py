"""Signing in by hand: what a console does that was not given anybody's token."""

import os
import subprocess
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.local.processes import process_programs
from tests.stack import TestStack


@pytest.fixture(scope="module")
def stranger(stack: TestStack) -> Iterator[str]:
    """The stack's console started without a token file, in its place: the gateway knows one origin only."""
    console = next(program for program in process_programs(stack.stack) if program.name == "console")
    environment = {**os.environ, **console.environment}
    del environment["MODELYARD_TOKEN_FILE"]
    stack.stop("console")
    process = subprocess.Popen(
        console.command,
        cwd=console.directory,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_ready(stack)
        yield stack.console_url
    finally:
        process.terminate()
        process.wait()
        stack.start("console")
        stack.wait_ready("console")


def _wait_until_ready(stack: TestStack) -> None:
    deadline = time.monotonic() + 30
    while not stack.is_ready("console"):
        assert time.monotonic() < deadline, "the console does not answer"
        time.sleep(0.1)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def choose_token(page: Page) -> None:
    page.get_by_role("button", name="With an API token").click()


def test_a_wrong_token_is_refused_in_words(page: Page, stranger: str):
    page.goto(stranger)
    choose_token(page)
    page.get_by_label("API token").fill("my_nobody")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="token")).to_be_visible()


def test_the_right_token_opens_the_house_and_stays_unreadable(page: Page, stranger: str, stack: TestStack):
    """And shows the page that was asked for."""
    page.goto(f"{stranger}/system")
    choose_token(page)
    page.get_by_label("API token").fill(stack.token)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="System")).to_be_visible(timeout=20_000)
    assert stack.token not in page.evaluate("document.cookie + JSON.stringify(localStorage)")
