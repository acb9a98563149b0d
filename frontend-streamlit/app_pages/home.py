"""Projects: cards with their task, and the way to a new one."""

from collections.abc import Iterator, Sequence

import streamlit as st
from session import yard
from ui.states import ago, empty_state, escaped

from libs.common.contracts.projects import Project

CARDS_PER_ROW = 3


@st.dialog("New project")
def create_project() -> None:
    tasks = {task.id: task.title for task in yard().tasks()}
    name = st.text_input("Name", key="home.name", max_chars=200)
    task = st.selectbox("Task", list(tasks), format_func=tasks.__getitem__, key="home.task")
    description = st.text_area("Description", key="home.description", max_chars=2000)
    if st.button("Create", type="primary", disabled=not name.strip(), key="home.create"):
        project = yard().projects.create(name, task, description)
        st.session_state["home.created"] = project.name
        st.rerun()


def project_card(project: Project) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{escaped(project.name)}**")
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


def batched(projects: Sequence[Project], size: int) -> Iterator[Sequence[Project]]:
    for start in range(0, len(projects), size):
        yield projects[start : start + size]


def page() -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title("Projects")
        if st.button("New project", type="primary", icon=":material/add:", key="home.new"):
            create_project()
    if created := st.session_state.pop("home.created", None):
        st.toast(f"Created {escaped(created)}", icon=":material/check:")
    projects = sorted(yard().projects.list(), key=lambda project: project.updated_at, reverse=True)
    if not projects:
        empty_state(
            "folder_open",
            "No projects yet. A project holds datasets, experiments and models.",
            "Create one",
            create_project,
        )
    # Row by row, so that the cards of a row share one height.
    for row in batched(projects, CARDS_PER_ROW):
        for column, project in zip(st.columns(CARDS_PER_ROW), row, strict=False):
            with column:
                project_card(project)


page()
