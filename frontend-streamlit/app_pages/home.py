"""Projects: cards with their task, the way to a new one, new names, and their end."""

from collections.abc import Iterator, Sequence
from itertools import islice

import streamlit as st
from session import yard
from ui.access import may_create_projects, may_edit, may_manage
from ui.address import address_pages, address_search, given_number, go
from ui.confirming import confirm_deletion
from ui.states import ago, counted, empty_state, escaped, shortened

from libs.common.contracts.projects import Project

CARDS_PER_ROW = 3
CARDS_PER_PAGE = 24
# More are reached by their name: nobody looks through hundreds of cards.
MOST_KNOWN = 1000
# Of a description on its card.
MOST_LETTERS = 160


@st.dialog("New project")
def create_project() -> None:
    tasks = {task.id: task.title for task in yard().tasks()}
    name = st.text_input("Name", key="home.name", max_chars=200)
    task = st.selectbox("Task", list(tasks), format_func=tasks.__getitem__, key="home.task")
    description = st.text_area("Description", key="home.description", max_chars=2000)
    if st.button("Create", type="primary", disabled=not name.strip(), key="home.create"):
        project = yard().projects.create(name, task, description)
        st.session_state["home.told"] = f"Created {project.name}"
        st.rerun()


@st.dialog("Change the project")
def change_project(project: Project) -> None:
    name = st.text_input("Name", project.name, key="home.new_name", max_chars=200)
    description = st.text_area("Description", project.description, key="home.new_text", max_chars=2000)
    if st.button("Save", type="primary", disabled=not name.strip(), key="home.save"):
        yard().projects.update(project.id, name=name, description=description)
        st.session_state["home.told"] = f"Saved {name}"
        st.rerun()


def delete_project(project: Project) -> None:
    yard().projects.delete(project.id)
    st.session_state.pop("project.last", None)
    st.session_state["home.told"] = f"Deleted {project.name}"


def project_card(project: Project) -> None:
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="top", wrap=False):
            st.markdown(f"**{escaped(project.name)}**", width="stretch")
            if may_edit(project.id):
                menu(project)
        st.badge(project.task.replace("_", " "), color="blue", icon=":material/category:")
        if project.description:
            st.caption(escaped(shortened(project.description, MOST_LETTERS)))
        st.caption(f"{counted(project.num_datasets, 'dataset')} · {ago(project.updated_at)}")
        st.page_link(
            "app_pages/project.py",
            label="Open",
            icon=":material/arrow_forward:",
            query_params={"id": str(project.id)},
        )


def menu(project: Project) -> None:
    chosen = st.menu_button(
        "",
        ["change", *(["delete"] if may_manage(project.id) else [])],
        icon=":material/more_vert:",
        type="tertiary",
        key=f"home.menu.{project.id}",
        format_func={"change": ":material/edit: Change", "delete": ":material/delete: Delete"}.__getitem__,
        help="What can be done with it",
    )
    if chosen == "change":
        change_project(project)
    if chosen == "delete":
        confirm_deletion(
            "the project",
            project.name,
            "its datasets, experiments, runs and models go with it.",
            lambda: delete_project(project),
            key="home.confirm",
        )


def batched(projects: Sequence[Project], size: int) -> Iterator[Sequence[Project]]:
    for start in range(0, len(projects), size):
        yield projects[start : start + size]


def page() -> None:
    if told := st.session_state.pop("home.told", None):
        st.toast(escaped(told), icon=":material/check:")
    found = sorted(
        islice(yard().projects.list(), MOST_KNOWN), key=lambda project: project.updated_at, reverse=True
    )
    header(has_search=len(found) > CARDS_PER_PAGE)
    if not found:
        empty_state(
            "folder_open",
            "No projects yet. A project holds datasets, experiments and models.",
            "Create one" if may_create_projects() else None,
            create_project,
        )
        return
    if sought := st.query_params.get("q", "").strip().lower():
        found = [each for each in found if sought in f"{each.name} {each.description}".lower()]
        if not found:
            empty_state("search_off", "No project is called so.", "Show all", lambda: go(q=None))
    cards(found)


def header(*, has_search: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Projects", width="content")
        st.space("stretch")
        if has_search or "q" in st.query_params:
            address_search("Search projects", "q", key="home.q", on_choose=lambda text: go(q=text, page=None))
        if may_create_projects() and st.button(
            "New project", type="primary", icon=":material/add:", key="home.new"
        ):
            create_project()


def cards(found: Sequence[Project]) -> None:
    num_pages = max(1, -(-len(found) // CARDS_PER_PAGE))
    number = min(max(given_number("page", 1), 1), num_pages)
    shown = found[(number - 1) * CARDS_PER_PAGE : number * CARDS_PER_PAGE]
    # Row by row, so that the cards of a row share one height.
    for row in batched(shown, CARDS_PER_ROW):
        for column, project in zip(st.columns(CARDS_PER_ROW), row, strict=False):
            with column:
                project_card(project)
    address_pages(num_pages, number, key="home.page")


page()
