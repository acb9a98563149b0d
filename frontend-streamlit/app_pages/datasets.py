"""Datasets of a project: what there is, in which state, and the way to a new one."""

import streamlit as st
from ui.access import may_edit
from ui.dataset_rows import dataset_rows, datasets_of
from ui.project_choice import chosen_project
from ui.states import empty_state, escaped

from libs.common.contracts.projects import Project


def page() -> None:
    project = chosen_project()
    if project is None:
        return
    header(project)
    if found := datasets_of(project.id):
        dataset_rows(project.id, found)
        return
    empty_state(
        "database",
        "No dataset yet. Bring in an archive, a folder, a table or a sample.",
        "Register the first" if may_edit(project.id) else None,
        lambda: register(project),
    )


def header(project: Project) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Datasets", width="content")
        st.space("stretch")
        if may_edit(project.id) and st.button(
            "Register a dataset", type="primary", icon=":material/add:", key="datasets.new"
        ):
            register(project)
    st.page_link(
        "app_pages/project.py",
        label=escaped(project.name),
        icon=":material/arrow_back:",
        query_params={"id": str(project.id)},
    )


def register(project: Project) -> None:
    st.switch_page("app_pages/register.py", query_params={"project": str(project.id)})


page()
