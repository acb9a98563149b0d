"""Menus of what a page shows, apart from the account's above it."""

from playwright.sync_api import Locator, Page


def menus(page: Page) -> Locator:
    return page.locator("[data-testid=stMenuButton]:not(.st-key-header *)")
