"""Projects: cards with their task, the way to a new one, new names, and their end."""

from collections.abc import Iterator, Sequence
from itertools import islice

import streamlit as st
from session import yard
from ui.confirming import confirm_deletion
from ui.states import ago, empty_state, escaped

from libs.common.contracts.access import Role
from libs.common.contracts.projects import Project

CARDS_PER_ROW = 3
# More are reached by their name: nobody looks through hundreds of cards.
MOST_SHOWN = 60


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


def project_card(project: Project, *, can_edit: bool) -> None:
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escaped(project.name)}**", width="content")
            st.space("stretch")
            if can_edit:
                menu(project)
        st.badge(project.task, color="blue", icon=":material/category:")
        if project.description:
            st.caption(escaped(project.description))
        plural = "" if project.num_datasets == 1 else "s"
        st.caption(f"{project.num_datasets} dataset{plural} · {ago(project.updated_at)}")
        st.page_link(
            "app_pages/project.py",
            label="Open",
            icon=":material/arrow_forward:",
            query_params={"id": str(project.id)},
        )


def menu(project: Project) -> None:
    with st.popover("", icon=":material/more_horiz:", type="tertiary", key=f"home.menu.{project.id}"):
        if st.button("Change", icon=":material/edit:", type="tertiary", key=f"home.change.{project.id}"):
            change_project(project)
        if st.button("Delete", icon=":material/delete:", type="tertiary", key=f"home.delete.{project.id}"):
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
    can_edit = st.session_state["session.caller"].role is not Role.VIEWER
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title("Projects")
        if can_edit and st.button("New project", type="primary", icon=":material/add:", key="home.new"):
            create_project()
    if told := st.session_state.pop("home.told", None):
        st.toast(escaped(told), icon=":material/check:")
    # One more than shown tells whether there are more.
    found = list(islice(yard().projects.list(), MOST_SHOWN + 1))
    if not found:
        empty_state(
            "folder_open",
            "No projects yet. A project holds datasets, experiments and models.",
            "Create one" if can_edit else None,
            create_project if can_edit else None,
        )
    shown = sorted(found[:MOST_SHOWN], key=lambda project: project.updated_at, reverse=True)
    # Row by row, so that the cards of a row share one height.
    for row in batched(shown, CARDS_PER_ROW):
        for column, project in zip(st.columns(CARDS_PER_ROW), row, strict=False):
            with column:
                project_card(project, can_edit=can_edit)
    if len(found) > MOST_SHOWN:
        st.caption(f"The newest {MOST_SHOWN} projects are shown.")


page()
