"""The console's pages about data in a real Chromium: projects, who may only look, what is not there."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from libs.common.ids import new_id
from tests.e2e.pages import fill, menus, opened, press, shown


def test_a_project_gets_another_name_and_is_deleted_by_typing_it(page: Page, stack, yard):
    old, new = f"Old {new_id()}", f"New {new_id()}"
    made = yard.projects.create(old, "classification")
    opened(page, stack, f"?q={old}")
    menus(page).first.click()
    page.get_by_text("Change", exact=True).click()
    fill(page, "Name", new)
    press(page, "Save")
    shown(page, f"Saved {new}")
    assert yard.projects.get(made.id).name == new
    opened(page, stack, f"?q={new}")
    menus(page).first.click()
    page.get_by_text("Delete", exact=True).click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_disabled()
    fill(page, "Type its name to go on", new)
    press(page, "Delete for good")
    shown(page, f"Deleted {new}")
    assert made.id not in {each.id for each in yard.projects.list()}


def test_an_empty_project_leads_to_its_first_dataset(page: Page, stack, emptied):
    opened(page, stack, f"project?id={emptied.id}")
    press(page, "Register the first")
    expect(page).to_have_url(re.compile(f"register.*project={emptied.id}"))


def test_the_menu_holds_only_what_needs_no_choice(page: Page, stack, shapes):
    opened(page, stack, f"dataset?id={shapes.id}")
    expect(page.get_by_test_id("stSidebarNavLink")).to_contain_text(
        ["Projects", "Datasets", "Experiments", "Queue", "System"]
    )


def test_who_may_only_look_is_offered_no_change(onlooker: Page, stack, yard, shapes):
    project = yard.projects.get(shapes.project_id)
    seen = {
        f"?q={project.name}": project.name,
        f"datasets?project={project.id}": "shapes",
        f"dataset?id={shapes.id}": "A few of them",
        f"dataset?id={shapes.id}&section=exports": "shapes",
        f"register?project={project.id}": "You may look at data, not bring it in.",
        f"versions?dataset={shapes.id}&version=1": "Version 1 against",
        f"splits?dataset={shapes.id}": "Saved splits",
    }
    changing = re.compile("New|Register|Add|Rename|Delete|Import|Export$|Restore|Save|Change")
    for address, words in seen.items():
        opened(onlooker, stack, address)
        shown(onlooker, words)
        expect(onlooker.get_by_role("main").get_by_role("button", name=changing)).to_have_count(0)
        expect(menus(onlooker)).to_have_count(0)


@pytest.mark.parametrize("address", ["dataset?id=", "versions?dataset=", "splits?dataset=", "project?id="])
def test_what_is_not_there_is_said_calmly(page: Page, stack, address):
    opened(page, stack, f"{address}{UUID(int=9)}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such")
    opened(page, stack, f"{address}half-a-link")
    expect(page.get_by_role("alert")).to_contain_text("which is no id")
