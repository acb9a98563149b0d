"""What tests do and find on any page of the console."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.stack import TestStack


def opened(page: Page, stack: TestStack, address: str) -> None:
    page.goto(f"{stack.console_url}/{address}")


def shown(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_test_id("stSelectboxVirtualDropdown").get_by_role("option", name=option).click()


def menus(page: Page) -> Locator:
    """Of what a page shows, apart from the account's above it."""
    return page.locator("[data-testid=stMenuButton]:not(.st-key-header *)")
