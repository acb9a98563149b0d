"""Splits of a dataset: looked at before they are saved, locked afterwards, checked for leaks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import given_id, go
from ui.dataset_links import dataset_links, without_dataset
from ui.split_form import METHODS, split_form
from ui.states import ago, empty_state, escaped, shortened

from libs.common.contracts.datasets import Dataset
from libs.common.contracts.splits import LeakReport, RatioSplit, Split, SplitMethod, SubsetPreview
from libs.common.errors import BadInput, Conflict

MOST_CLASSES = 25
NUM_LOOKED_AT = 50
SHORT_TABLE, TABLE_PIXELS = 10, 360


def page() -> None:
    dataset_id = given_id("dataset") or st.session_state.get("browse.dataset")
    if dataset_id is None:
        without_dataset("call_split")
        return
    if "dataset" not in st.query_params:
        go(dataset=dataset_id)
    dataset = yard().datasets.get(dataset_id)
    st.session_state["browse.dataset"] = dataset_id
    if told := st.session_state.pop("splits.told", None):
        st.toast(escaped(told), icon=":material/lock:")
    header(dataset)
    if not dataset.version:
        empty_state("call_split", "There is nothing to split before the first import.")
        return
    if may_edit(dataset.project_id):
        new_split(dataset)
    saved(dataset)


def header(dataset: Dataset) -> None:
    st.header(f"Splits of {escaped(shortened(dataset.name))}")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        dataset_links(dataset, "splits")


def new_split(dataset: Dataset) -> None:
    with st.container(border=True):
        form, picture = st.columns([3, 2], gap="large")
        with form:
            st.markdown(f"**A new split of version {dataset.version}**")
            method = split_form(fields_of(dataset.id), dataset.classes)
        if method is None:
            return
        with picture:
            is_possible = looked_at(dataset, method)
        with form, st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("Name", "split", key="splits.name", max_chars=200).strip()
            if st.button(
                "Save and lock",
                type="primary",
                icon=":material/lock:",
                key="splits.save",
                disabled=not (name and is_possible),
            ):
                save(dataset, name, method)


def save(dataset: Dataset, name: str, method: SplitMethod) -> None:
    try:
        split = yard().splits.create(dataset.id, name, method)
    except (BadInput, Conflict) as error:
        st.error(escaped(error.detail), icon=":material/error:")
        return
    st.session_state["splits.told"] = f"{split.name} is saved and locked"
    st.rerun()


def looked_at(dataset: Dataset, method: SplitMethod) -> bool:
    """The preview; False when the data cannot be dealt out so."""
    try:
        with st.spinner("dealing out", show_time=True):
            seen = yard().splits.preview(dataset.id, method)
    except BadInput as error:
        st.warning(escaped(error.detail), icon=":material/warning:")
        return False
    distribution(seen.subsets, key="preview")
    notes = []
    if seen.num_kept:
        notes.append(f"{seen.num_kept:,} samples keep the subset that an earlier split gave them")
    if seen.num_groups:
        notes.append(f"{seen.num_groups:,} groups stay together")
    if seen.num_left_out:
        notes.append(f"{seen.num_left_out:,} samples are left out")
    if notes:
        st.caption(" · ".join(notes))
    return True


def distribution(subsets: Sequence[SubsetPreview], *, key: str, beside: bool = False) -> None:
    """Sizes and classes of the subsets, one below the other or beside each other."""
    figures, chart = st.columns([2, 3], gap="large") if beside else (st.container(), st.container())
    with figures:
        sizes(subsets)
    num_classes = len({each.name for subset in subsets for each in subset.classes})
    if not num_classes:
        return
    with chart:
        height = 64 + 26 * min(MOST_CLASSES, num_classes)
        st.echarts_chart(distribution_option(subsets), height=height, alt="Classes of every subset", key=key)
        if num_classes > MOST_CLASSES:
            st.caption(f"The {MOST_CLASSES} largest of {num_classes:,} classes.")


def sizes(subsets: Sequence[SubsetPreview]) -> None:
    total = sum(subset.num_samples for subset in subsets) or 1
    with st.container(horizontal=True):
        for subset in subsets:
            share = f"{subset.num_samples / total:.1%}"
            st.metric(
                escaped(subset.subset), f"{subset.num_samples:,}", share, delta_color="off", delta_arrow="off"
            )


def distribution_option(subsets: Sequence[SubsetPreview]) -> dict[str, Any]:
    """One bar per class, parted by subset, so that a class that is missing somewhere is seen at once."""
    counts = {subset.subset: {each.name: each.count for each in subset.classes} for subset in subsets}
    sizes: dict[str, int] = {}
    for of_subset in counts.values():
        for name, count in of_subset.items():
            sizes[name] = sizes.get(name, 0) + count
    classes = sorted(sizes, key=lambda name: sizes[name])[-MOST_CLASSES:]
    return {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "legend": {"data": list(counts), "top": 0},
        "grid": {"left": 8, "right": 16, "top": 32, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value"},
        "yAxis": {
            "type": "category",
            "data": classes,
            "axisTick": {"show": False},
            "axisLabel": {"width": 160, "overflow": "truncate"},
        },
        "series": [
            {
                "type": "bar",
                "stack": "all",
                "name": name,
                "data": [of_subset.get(each, 0) for each in classes],
                "barMaxWidth": 14,
            }
            for name, of_subset in counts.items()
        ],
    }


def saved(dataset: Dataset) -> None:
    found = list(yard().splits.list(dataset.id))
    st.subheader("Saved splits")
    if not found:
        st.caption("None yet. A run needs one: it says what is trained on, and what is judged by.")
    for split in found:
        with st.container(border=True):
            entry(split)


def entry(split: Split) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escaped(split.name)}**", width="content")
        st.badge("locked", color="gray", icon=":material/lock:")
        st.caption(f"{told(split)} · {ago(split.created_at)}", width="content")
        st.space("stretch")
        st.page_link(
            "app_pages/browse.py",
            label="Browse",
            icon=":material/grid_view:",
            query_params={
                "dataset": str(split.dataset_id),
                "version": str(split.version),
                "split": str(split.id),
            },
            width="content",
        )
        check = st.button("Check for leaks", icon=":material/water_drop:", key=f"splits.leaks.{split.id}")
    leaks(split, check=check)
    distribution(split.subsets, key=f"saved.{split.id}", beside=True)


def told(split: Split) -> str:
    method = METHODS[split.method.method].lower()
    seeded = f", seed {split.method.seed}" if isinstance(split.method, RatioSplit) else ""
    return f"version {split.version} · {method}{seeded}"


def leaks(split: Split, *, check: bool) -> None:
    reports: dict[UUID, LeakReport] = st.session_state.setdefault("splits.reports", {})
    if check:
        with st.spinner("comparing", show_time=True):
            reports[split.id] = yard().splits.leaks(split.id)
    report = reports.get(split.id)
    if report is None:
        return
    if not report.num_leaks:
        st.success("No near-duplicates on both sides.", icon=":material/verified:")
        return
    st.warning(
        f"{report.num_leaks:,} leaks over {report.num_samples:,} samples: what is tested was trained on.",
        icon=":material/water_drop:",
    )
    if len(report.leaks) < report.num_leaks:
        st.caption(f"The first {len(report.leaks):,} of them.")
    # A table of text, which a screen reader reads too; a long one scrolls.
    is_long = len(report.leaks) > SHORT_TABLE
    st.container(height=TABLE_PIXELS if is_long else "content", border=False).table(
        [
            {
                "what": leak.kind.replace("_", " "),
                "samples": escaped(", ".join(leak.names)),
                "subsets": escaped(", ".join(leak.subsets)),
            }
            for leak in report.leaks
        ],
        hide_index=True,
    )


def fields_of(dataset_id: UUID) -> tuple[str, ...]:
    """Names of the fields that the first samples have."""
    page = yard().samples.page(dataset_id, limit=NUM_LOOKED_AT)
    return tuple(sorted({name for sample in page.items for name in sample.fields}))


page()
