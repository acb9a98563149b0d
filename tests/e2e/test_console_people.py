"""People at the console in Chromium: accounts, members, tokens, channels and settings, made and used."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from libs.client import Connection, Modelyard
from libs.common.contracts.access import Role
from libs.common.errors import Unauthorized
from libs.common.ids import new_id
from tests.console import in_both_themes
from tests.e2e.people import COOKIE, PASSWORD, id_of, make_account, sign_in
from tests.stack import TestStack

BETTER = "an even better one"


def be(page: Page, stack: TestStack, name: str) -> None:
    page.context.add_cookies([{"name": COOKIE, "value": sign_in(stack, name), "url": stack.console_url}])


def typed(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("textbox", name=label, exact=True)
    box.fill(text)
    box.press("Tab")


def account(page: Page, name: str) -> Locator:
    return page.locator(".st-key-header").get_by_role("button", name=name)


def choose(page: Page, name: str, action: str) -> None:
    """From the menu of whoever is signed in."""
    account(page, name).click()
    page.get_by_text(action, exact=True).click()


def click(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@in_both_themes
def test_an_account_is_made_and_its_owner_signs_in_with_what_was_shown_once(page: Page, stack, yard):
    page.goto(f"{stack.console_url}/users")
    click(page, "New account")
    name = f"nora-{new_id().hex[-8:]}"
    typed(page, "Name", "Not A Name")
    expect(page.get_by_text("Small letters, digits")).to_be_visible()
    typed(page, "Name", name)
    click(page, "Create")
    shown = page.get_by_role("dialog").locator("code").last
    expect(shown).not_to_be_empty()
    password = shown.inner_text().strip()
    click(page, "I have it")
    expect(page.get_by_text(name)).to_be_visible()
    assert sign_in(stack, name, password)
    assert password not in page.content()


@in_both_themes
def test_one_sees_where_one_is_signed_in_and_signs_out_there(page: Page, stack, yard):
    name = make_account(yard, Role.VIEWER)
    elsewhere = [Connection(stack.gateway_url, sign_in(stack, name)) for _ in range(2)]
    be(page, stack, name)
    page.goto(stack.console_url)
    choose(page, name, "Where I am signed in")
    rows = page.locator("[class*='st-key-sessions-row']")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="here")).to_have_count(1)
    expect(rows.first).to_contain_text("from 127.0.0.1")
    rows.nth(1).get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Signed out there")).to_be_visible()
    choose(page, name, "Where I am signed in")
    expect(rows).to_have_count(2)
    click(page, "Sign out everywhere else")
    expect(page.get_by_text("Signed out everywhere else")).to_be_visible()

    for each in elsewhere:
        with Modelyard(each) as gone, pytest.raises(Unauthorized):
            gone.me()
    expect(account(page, name)).to_be_visible()


def test_another_signs_in_by_the_form_changes_the_password_and_leaves(page: Page, stack, yard):
    name = make_account(yard, Role.EDITOR)
    page.goto(f"{stack.console_url}/queue")
    choose(page, "admin", "Sign in as somebody else")
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Password").fill("not the password")
    form.get_by_role("button", name="Sign in", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("do not belong together")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Sign in", exact=True).click()
    choose(page, name, "Change password")
    for label, text in (
        ("The present one", PASSWORD),
        ("The new one", BETTER),
        ("The new one again", BETTER),
    ):
        typed(page, label, text)
    click(page, "Change")
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    assert sign_in(stack, name, BETTER)
    choose(page, name, "Sign out")
    # On a person's own machine the console then signs its owner in again.
    expect(account(page, "admin")).to_be_visible()


def test_an_admin_of_a_project_says_who_is_a_member(page: Page, stack, yard):
    owner, guest = make_account(yard, Role.EDITOR, "owner"), make_account(yard, Role.VIEWER, "guest")
    project = yard.projects.create(f"Shared {new_id()}", "classification")
    yard.members.put(project.id, id_of(yard, owner), Role.ADMIN)
    be(page, stack, owner)
    page.goto(f"{stack.console_url}/project?id={project.id}&section=members")
    click(page, "Add a member")
    page.get_by_role("combobox", name="Account").fill(guest)
    page.get_by_role("option", name=guest).click()
    click(page, "Add")
    expect(page.get_by_text(f"Added {guest}")).to_be_visible()
    assert {member.name for member in yard.members.list(project.id)} >= {owner, guest}
    page.context.clear_cookies()
    be(page, stack, guest)
    page.goto(f"{stack.console_url}/project?id={project.id}&section=members")
    expect(page.get_by_text(owner)).to_be_visible()
    expect(page.get_by_role("button", name="Add a member")).to_have_count(0)


def test_a_token_is_shown_once_works_and_is_refused_when_deleted(page: Page, stack, yard):
    page.goto(f"{stack.console_url}/tokens")
    click(page, "New token")
    name = f"nightly {new_id().hex[-8:]}"
    typed(page, "Name", name)
    click(page, "Create")
    shown = page.get_by_role("dialog").locator("code").last
    expect(shown).to_have_text(re.compile(r"^my_"))
    with Modelyard(Connection(stack.gateway_url, shown.inner_text().strip())) as connected:
        assert connected.me().name == "admin"
        click(page, "I have it")
        row = page.locator("[class*='st-key-tokens-row']").filter(has_text=name)
        row.get_by_role("button").click()
        click(page, "Delete for good")
        expect(row).to_have_count(0)
        with pytest.raises(Unauthorized):
            connected.me()


@in_both_themes
def test_a_channel_is_made_tried_paused_and_its_deliveries_are_listed(page: Page, stack, yard):
    page.goto(f"{stack.console_url}/notifications")
    click(page, "New channel")
    page.get_by_role("radio", name="Webhook").click()
    name = f"hook {new_id().hex[-8:]}"
    typed(page, "Name", name)
    typed(page, "Address", "https://nowhere.invalid/modelyard")
    page.get_by_role("radio", name="failures only").click()
    click(page, "Create")
    expect(page.get_by_role("dialog").locator("code").last).to_have_text(re.compile("^whsec_"))
    click(page, "I have it")
    row = page.locator("[class*='st-key-channels-row']").filter(has_text=name)
    expect(row.get_by_text("Tells of failures only.")).to_be_visible()
    row.get_by_role("button", name="Test").click()
    expect(row.get_by_text("The test message has not arrived")).to_be_visible()
    page.goto(f"{stack.console_url}/notifications?section=deliveries")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    for channel in [each for each in yard.channels.list() if each.name == name]:
        yard.channels.delete(channel.id)


@in_both_themes
def test_settings_are_changed_and_the_audit_log_tells_who_did(page: Page, stack, yard):
    before = yard.settings.get().history.logs_kept_days
    page.goto(f"{stack.console_url}/settings")
    box = page.get_by_role("spinbutton", name="Logs kept")
    wanted = 40 if before != 40 else 50
    box.fill(str(wanted))
    box.press("Tab")
    page.locator(".st-key-settings-history-save button").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    assert yard.settings.get().history.logs_kept_days == wanted
    yard.settings.change(history={"logs_kept_days": before})
    page.goto(f"{stack.console_url}/audit?actor=admin&outcome=done")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert httpx.get(f"{stack.gateway_url}/v1/audit").status_code == 401
