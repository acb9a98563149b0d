"""Datasets of a project: what there is, in which state, and the way to a new one."""

from itertools import islice

import streamlit as st
from session import yard
from ui.project_choice import chosen_project
from ui.states import ago, empty_state, escaped, size, state_badge

from libs.common.contracts.access import Role
from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.projects import Project

MOST_SHOWN = 100
AT_WORK = (DatasetStatus.IMPORTING, DatasetStatus.PREPARING)


def page() -> None:
    project = chosen_project()
    if project is None:
        return
    header(project)
    found = list(islice(yard().datasets.list(project.id), MOST_SHOWN))
    if not found:
        empty_state("database", "No dataset yet. Bring in an archive, a folder, a table or a sample.")
        return
    rows(project, any(is_at_work(dataset) for dataset in found))


def header(project: Project) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Datasets", width="content")
        st.badge(escaped(project.name), color="blue", icon=":material/folder_open:")
        st.space("stretch")
        if st.session_state["session.caller"].role is not Role.VIEWER and st.button(
            "Register a dataset", type="primary", icon=":material/add:", key="datasets.new"
        ):
            st.switch_page("app_pages/register.py", query_params={"project": str(project.id)})


def rows(project: Project, is_live: bool) -> None:
    """Looked up again while any import is at work, and only then."""

    @st.fragment(run_every=1.5 if is_live else None)
    def live() -> None:
        found = list(islice(yard().datasets.list(project.id), MOST_SHOWN))
        for dataset in found:
            row(dataset)
        if is_live and not any(is_at_work(dataset) for dataset in found):
            st.rerun()

    live()


def row(dataset: Dataset) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "app_pages/dataset.py",
                label=f"**{escaped(dataset.name)}**",
                icon=":material/database:",
                query_params={"id": str(dataset.id)},
                width="content",
            )
            state_badge(dataset.status)
            if dataset.format:
                st.badge(dataset.format, color="gray")
            st.caption(told(dataset), width="content")
            st.space("stretch")
            if dataset.version:
                st.page_link(
                    "app_pages/browse.py",
                    label="Browse",
                    icon=":material/grid_view:",
                    query_params={"dataset": str(dataset.id)},
                    width="content",
                )
        if is_at_work(dataset):
            progress(dataset)
        if dataset.error_detail:
            st.caption(f":red[{escaped(dataset.error_detail[:400])}]")


def told(dataset: Dataset) -> str:
    if not dataset.version:
        return f"registered {ago(dataset.created_at)}"
    classes = [f"{len(dataset.classes):,} classes"] if dataset.classes else []
    counts = [f"{dataset.num_samples:,} samples", *classes, size(dataset.size_bytes)]
    return " · ".join([f"v{dataset.version}", *counts, ago(dataset.updated_at)])


def progress(dataset: Dataset) -> None:
    if dataset.job_id is None:
        return
    job = yard().jobs.get(dataset.job_id)
    st.progress(job.progress, escaped(job.message or "waiting for its turn"))


def is_at_work(dataset: Dataset) -> bool:
    return dataset.is_adding or dataset.status in AT_WORK


page()
