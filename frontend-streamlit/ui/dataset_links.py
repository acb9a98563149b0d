"""The pages about one dataset, beside each other: every one of them leads to the others."""

import streamlit as st

from libs.common.contracts.datasets import Dataset

# Page → its name, and how its address calls the dataset.
PAGES = {
    "dataset": (":material/insights:", "Overview", "id"),
    "browse": (":material/grid_view:", "Browse", "dataset"),
    "versions": (":material/history:", "Versions", "dataset"),
    "splits": (":material/call_split:", "Splits", "dataset"),
}


def dataset_links(dataset: Dataset, here: str) -> None:
    """In a horizontal container; what has nothing to show before the first import is left out."""
    st.page_link(
        "app_pages/datasets.py",
        label="Datasets",
        icon=":material/arrow_back:",
        query_params={"project": str(dataset.project_id)},
        width="content",
    )
    for page, (icon, title, part) in PAGES.items():
        if page == here:
            st.badge(title, color="blue", icon=icon)
        elif dataset.version or page == "dataset":
            st.page_link(
                f"app_pages/{page}.py",
                label=title,
                icon=icon,
                query_params={part: str(dataset.id)},
                width="content",
            )


def without_dataset(icon: str) -> None:
    """What a page about a dataset says when nothing tells which."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"### :material/{icon}:", text_alignment="center")
        st.markdown("Choose a dataset first.", text_alignment="center")
        st.page_link("app_pages/datasets.py", label="Datasets", icon=":material/database:", width="content")
