"""Datasets one below the other: state, size, the import at work, why it failed, and the way in."""

from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.datasets import Dataset, DatasetStatus
from ui.states import ago, counted, escaped, size, state_badge

MOST_SHOWN = 100
AT_WORK = (DatasetStatus.IMPORTING, DatasetStatus.PREPARING)


def datasets_of(project_id: UUID) -> tuple[Dataset, ...]:
    return tuple(islice(yard().datasets.list(project_id), MOST_SHOWN))


def dataset_rows(project_id: UUID, found: tuple[Dataset, ...]) -> None:
    """Looked up again while any import is at work, and only then."""
    is_live = any(map(is_at_work, found))
    # What the page has looked up already is not asked for a second time.
    known = [found]

    @st.fragment(run_every=1.5 if is_live else None)
    def live() -> None:
        found = known.pop() if known else datasets_of(project_id)
        for dataset in found:
            row(dataset)
        if is_live and not any(map(is_at_work, found)):
            st.rerun()

    live()
    if len(found) == MOST_SHOWN:
        st.caption(f"The newest {MOST_SHOWN} datasets are shown.")


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
                st.badge(dataset.format.replace("_", " "), color="gray")
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
    classes = [counted(len(dataset.classes), "class", "classes")] if dataset.classes else []
    counts = [counted(dataset.num_samples, "sample"), *classes, size(dataset.size_bytes)]
    return " · ".join([f"v{dataset.version}", *counts, ago(dataset.updated_at)])


def progress(dataset: Dataset) -> None:
    if dataset.job_id is None:
        return
    job = yard().jobs.get(dataset.job_id)
    st.progress(job.progress, escaped(job.message or "waiting for its turn"))


def is_at_work(dataset: Dataset) -> bool:
    return dataset.is_adding or dataset.status in AT_WORK
