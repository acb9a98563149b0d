"""Versions of a dataset: its history, what changed between two, and the way back."""

from collections.abc import Sequence
from itertools import islice

import streamlit as st
from comp.sample_grid import Tile, sample_grid
from comp.shown import Tones
from session import yard
from ui.address import address_select, given_id, given_number, go
from ui.states import ago, empty_state, escaped, size

from libs.common.contracts.access import Role
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.samples import Sample
from libs.common.contracts.versions import ClassChange, DatasetVersion, VersionDiff

MOST_VERSIONS = 200
MOST_SHOWN = 24
CHANGES = {
    "added": ("green", ":material/add_circle:", "Added"),
    "removed": ("red", ":material/remove_circle:", "Removed"),
    "changed": ("orange", ":material/change_circle:", "Changed"),
}


def page() -> None:
    dataset_id = given_id("dataset") or st.session_state.get("browse.dataset")
    if dataset_id is None:
        empty_state("history", "Choose a dataset first.")
        st.page_link("app_pages/datasets.py", label="Datasets", icon=":material/arrow_back:")
        return
    if "dataset" not in st.query_params:
        go(dataset=dataset_id)
    dataset = yard().datasets.get(dataset_id)
    st.session_state["browse.dataset"] = dataset_id
    if told := st.session_state.pop("versions.told", None):
        st.toast(escaped(told), icon=":material/check:")
    header(dataset)
    versions = list(islice(yard().datasets.versions(dataset.id), MOST_VERSIONS))
    if not versions:
        empty_state("history", "This dataset has no version yet: its first import makes one.")
        return
    history, change = st.columns([2, 3], gap="large")
    shown = given_number("version", dataset.version)
    with history:
        for version in versions:
            entry(dataset, version, is_shown=version.version == shown)
    with change:
        difference(dataset, versions, shown)


def header(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(f"Versions of {escaped(dataset.name)}", width="content")
    st.page_link(
        "app_pages/dataset.py",
        label=escaped(dataset.name),
        icon=":material/arrow_back:",
        query_params={"id": str(dataset.id)},
    )


def entry(dataset: Dataset, version: DatasetVersion, *, is_shown: bool) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Version {version.version}**", width="content")
            if version.version == dataset.version:
                st.badge("newest", color="blue")
            st.caption(ago(version.created_at), width="content")
            st.space("stretch")
            st.button(
                "Shown" if is_shown else "Show",
                key=f"versions.show.{version.version}",
                disabled=is_shown,
                type="tertiary",
                on_click=lambda: go(version=version.version, against=None),
            )
        if version.message:
            st.caption(escaped(version.message))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{version.num_samples:,} samples · {size(version.size_bytes)}", width="content")
            counted(version.num_added, version.num_removed, version.num_changed)
        if is_shown:
            links(dataset, version)


def counted(num_added: int, num_removed: int, num_changed: int) -> None:
    for count, (color, icon, _) in zip((num_added, num_removed, num_changed), CHANGES.values(), strict=True):
        if count:
            st.badge(f"{count:,}", color=color, icon=icon)


def links(dataset: Dataset, version: DatasetVersion) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "app_pages/browse.py",
            label="Browse",
            icon=":material/grid_view:",
            query_params={"dataset": str(dataset.id), "version": str(version.version)},
            width="content",
        )
        can_restore = st.session_state["session.caller"].role is not Role.VIEWER
        if version.version == dataset.version or not can_restore:
            return
        if st.button("Restore", icon=":material/restore:", key="versions.restore"):
            restore(dataset, version)


@st.dialog("Restore a version")
def restore(dataset: Dataset, version: DatasetVersion) -> None:
    st.markdown(
        f"A new version {dataset.version + 1} will hold what version {version.version} held. "
        "Nothing is lost: every version stays."
    )
    if st.button("Restore", type="primary", icon=":material/restore:", key="versions.restored"):
        made = yard().datasets.restore(dataset.id, version.version)
        st.session_state["versions.told"] = (
            f"Version {made.version} holds what version {version.version} held"
        )
        go(version=None, against=None)
        st.rerun()


def difference(dataset: Dataset, versions: Sequence[DatasetVersion], shown: int) -> None:
    against = given_number("against", shown - 1)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Version {shown} against", width="content")
        options = {str(each.version): f"Version {each.version}" for each in versions if each.version != shown}
        options["0"] = "nothing"
        address_select(
            "Against",
            "against",
            options,
            key="versions.against",
            default=str(max(shown - 1, 0)),
            on_choose=lambda value: go(against=value),
        )
    found = yard().datasets.diff(dataset.id, shown, against, limit=MOST_SHOWN)
    if not found.changes.items:
        st.caption(":material/check_circle: The two hold the same.")
        return
    with st.container(horizontal=True):
        for change, (_, icon, title) in CHANGES.items():
            st.metric(f"{icon} {title}", f"{getattr(found, f'num_{change}'):,}", border=True)
    class_changes(found.classes)
    for change, (_, icon, title) in CHANGES.items():
        changed_samples(dataset, found, change, f"{icon} {title}")


def class_changes(changes: Sequence[ClassChange]) -> None:
    if not changes:
        return
    st.markdown("**Classes**")
    ordered = sorted(changes, key=lambda each: abs(each.after - each.before))[-20:]
    option = {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "legend": {"data": ["before", "after"], "right": 0, "top": 0},
        "grid": {"left": 8, "right": 40, "top": 28, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value", "show": False},
        "yAxis": {"type": "category", "data": [each.name for each in ordered], "axisTick": {"show": False}},
        "series": [
            {"type": "bar", "name": "before", "data": [each.before for each in ordered], "barMaxWidth": 10},
            {
                "type": "bar",
                "name": "after",
                "data": [each.after for each in ordered],
                "barMaxWidth": 10,
                "label": {"show": True, "position": "right"},
            },
        ],
    }
    st.echarts_chart(option, height=60 + 34 * len(ordered), alt="Class counts before and after")


def changed_samples(dataset: Dataset, found: VersionDiff, change: str, title: str) -> None:
    items = [each for each in found.changes.items if each.change == change]
    if not items:
        return
    total = getattr(found, f"num_{change}")
    st.markdown(f"**{title}**" + (f" · the first {len(items)} of {total:,}" if total > len(items) else ""))
    if change == "changed":
        for each in items:
            if each.before and each.after:
                st.caption(f"{escaped(each.after.name)}: {_said(each.before)} → {_said(each.after)}")
    tiles = [Tile(sample) for each in items if (sample := each.after or each.before)]
    sample_grid(
        tiles,
        Tones(dataset.classes),
        key=f"versions.{change}.{found.version}.{found.against}",
        on_open=lambda sample_id: st.session_state.update({"versions.open": sample_id}),
        on_turn=lambda _: None,
        size="small",
    )
    if sample_id := st.session_state.pop("versions.open", None):
        version = found.against if change == "removed" else found.version
        query = {"dataset": str(dataset.id), "version": str(version), "sample": str(sample_id)}
        st.switch_page("app_pages/browse.py", query_params=query)


def _said(sample: Sample) -> str:
    labels = ", ".join(sample.labels) or "nothing"
    return escaped(f"{labels} ({len(sample.annotations)})" if len(sample.annotations) > 1 else labels)


page()
