"""Which data an experiment learns from: all datasets of a project, and why some cannot be used."""

from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.splits import Split
from ui.dataset_rows import datasets_of
from ui.states import counted, empty_state, escaped, shortened, state_badge

REASONS = {
    DatasetStatus.RAW: "It is registered and not imported yet.",
    DatasetStatus.IMPORTING: "It is being imported.",
    DatasetStatus.PREPARING: "It is being imported.",
    DatasetStatus.FAILED: "Its import failed.",
    DatasetStatus.NOT_FOUND: "Its source is gone.",
}


def data_choice(project_id: UUID, modality: str, chosen: frozenset[UUID], *, key: str) -> tuple[Split, ...]:
    """The splits of the datasets that are ticked; `chosen` are those ticked at first."""
    found = datasets_of(project_id)
    if not found:
        empty_state("database", "This project has no dataset yet.")
        st.page_link(
            "app_pages/register.py",
            label="Register one",
            icon=":material/add:",
            query_params={"project": str(project_id)},
        )
        return ()
    usable = [dataset for dataset in found if why_not(dataset, modality) is None]
    ticked = [_row(dataset, modality, chosen, is_only=usable == [dataset], key=key) for dataset in found]
    return tuple(split for split in ticked if split is not None)


def why_not(dataset: Dataset, modality: str) -> str | None:
    if not dataset.version:
        return REASONS.get(dataset.status, "It holds no samples yet.")
    if dataset.modality is not None and modality not in (dataset.modality, *dataset.modality.split("_")):
        return (
            f"It holds {dataset.modality.replace('_', ' and ')} data; this task learns from {modality} data."
        )
    return None


def _row(
    dataset: Dataset, modality: str, chosen: frozenset[UUID], *, is_only: bool, key: str
) -> Split | None:
    reason = why_not(dataset, modality)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_ticked = st.checkbox(
            escaped(shortened(dataset.name, 60)),
            reason is None and (is_only or dataset.id in chosen),
            key=f"{key}.{dataset.id}",
            disabled=reason is not None,
            width=320,
        )
        if reason is not None:
            state_badge(dataset.status)
            st.caption(reason, width="content")
            return None
        if not is_ticked:
            counts = [counted(dataset.num_samples, "sample")]
            counts += [counted(len(dataset.classes), "class", "classes")] if dataset.classes else []
            st.caption(" · ".join(counts), width="content")
            return None
        return _split(dataset, key)


def _split(dataset: Dataset, key: str) -> Split | None:
    splits = {split.id: split for split in yard().splits.list(dataset.id)}
    if not splits:
        st.caption(":orange[It has no split yet.]", width="content")
        st.page_link(
            "app_pages/splits.py",
            label="Split it",
            icon=":material/call_split:",
            query_params={"dataset": str(dataset.id)},
            width="content",
        )
        return None
    wanted = st.selectbox(
        f"Split of {dataset.name}",
        list(splits),
        key=f"{key}.{dataset.id}.split",
        format_func=lambda each: told(splits[each]),
        label_visibility="collapsed",
        width=420,
    )
    return splits[wanted]


def told(split: Split) -> str:
    counts = " / ".join(f"{each.num_samples:,} {each.subset}" for each in split.subsets)
    return f"{split.name} of version {split.version}: {counts}"
