"""Versions of a dataset: its history, what changed between two, and the way back."""

from collections.abc import Sequence
from itertools import islice
from typing import Literal

import streamlit as st
from comp.sample_grid import Tile, sample_grid
from comp.shown import Tones
from session import yard
from ui.access import may_edit
from ui.address import address_pages, address_select, given_id, given_number, go
from ui.dataset_links import dataset_links, without_dataset
from ui.states import ago, counted, empty_state, escaped, shortened, size

from libs.common.contracts.datasets import Dataset
from libs.common.contracts.samples import Sample
from libs.common.contracts.versions import Change, ClassChange, DatasetVersion, VersionDiff
from libs.common.errors import NotFound

# Every edit makes a version: more of them are reached by their number in the address.
MOST_VERSIONS = 1000
VERSIONS_PER_PAGE = 8
MOST_SHOWN = 24
CHANGES: dict[Change, tuple[Literal["green", "violet", "orange"], str, str]] = {
    "added": ("green", ":material/add_circle:", "Added"),
    "removed": ("violet", ":material/remove_circle:", "Removed"),
    "changed": ("orange", ":material/change_circle:", "Changed"),
}


def page() -> None:
    if opened := st.session_state.pop("versions.open", None):
        st.switch_page("app_pages/browse.py", query_params=opened)
    dataset_id = given_id("dataset") or st.session_state.get("browse.dataset")
    if dataset_id is None:
        without_dataset("history")
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
    shown = given_number("version", dataset.version)
    left, right = st.columns([2, 3], gap="large")
    with left:
        history(dataset, versions, shown)
    with right:
        difference(dataset, versions, shown)


def header(dataset: Dataset) -> None:
    st.header(f"Versions of {escaped(shortened(dataset.name))}")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        dataset_links(dataset, "versions")


def history(dataset: Dataset, versions: Sequence[DatasetVersion], shown: int) -> None:
    """One page of it: the one that is asked for, else the one with the version that is shown."""
    num_pages = -(-len(versions) // VERSIONS_PER_PAGE)
    place = next((place for place, each in enumerate(versions) if each.version == shown), 0)
    number = min(given_number("page", place // VERSIONS_PER_PAGE + 1) or 1, num_pages)
    for version in versions[(number - 1) * VERSIONS_PER_PAGE : number * VERSIONS_PER_PAGE]:
        entry(dataset, version, is_shown=version.version == shown)
    address_pages(num_pages, number, key="versions.page")


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
                on_click=lambda: go(version=version.version, against=None, page=None),
            )
        if version.message:
            st.caption(escaped(version.message))
        with st.container(horizontal=True, vertical_alignment="center"):
            samples = counted(version.num_samples, "sample")
            st.caption(f"{samples} · {size(version.size_bytes)}", width="content")
            changes(version.num_added, version.num_removed, version.num_changed)
        if is_shown:
            links(dataset, version)


def changes(num_added: int, num_removed: int, num_changed: int) -> None:
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
        if version.version == dataset.version or not may_edit(dataset.project_id):
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
        go(version=None, against=None, page=None)
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
    try:
        found = yard().datasets.diff(dataset.id, shown, against, limit=1)
    except NotFound as error:
        empty_state("history_toggle_off", escaped(error.detail))
        return
    if not found.changes.items:
        st.caption(":material/check_circle: The two hold the same.")
        return
    with st.container(horizontal=True):
        for change, (_, icon, title) in CHANGES.items():
            st.metric(f"{icon} {title}", f"{num_of(found, change):,}", border=True)
    class_changes(found.classes)
    tones = Tones(dataset.classes)
    for change in CHANGES:
        if num_of(found, change):
            changed_samples(found, change, tones)


def num_of(found: VersionDiff, change: Change) -> int:
    return {"added": found.num_added, "removed": found.num_removed, "changed": found.num_changed}[change]


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


def changed_samples(found: VersionDiff, change: Change, tones: Tones) -> None:
    """Their thumbnails; those that were changed stand beside each other, as they were and as they are."""
    _, icon, title = CHANGES[change]
    total = num_of(found, change)
    more = f" · the first {MOST_SHOWN} of {total:,}" if total > MOST_SHOWN else ""
    st.markdown(f"**{icon} {title}**{more}")
    shown = yard().datasets.diff(
        found.dataset_id, found.version, found.against, change=change, limit=MOST_SHOWN
    )
    items = shown.changes.items
    match change:
        case "added":
            grid(found, found.version, [each.after for each in items], tones, change)
        case "removed":
            grid(found, found.against, [each.before for each in items], tones, change)
        case "changed":
            before, after = st.columns(2)
            with before:
                st.caption(f"before, in version {found.against}")
                grid(found, found.against, [each.before for each in items], tones, "before")
            with after:
                st.caption(f"after, in version {found.version}")
                grid(found, found.version, [each.after for each in items], tones, "after")


def grid(found: VersionDiff, version: int, samples: Sequence[Sample | None], tones: Tones, name: str) -> None:
    query = {"dataset": str(found.dataset_id), "version": str(version)}
    sample_grid(
        [Tile.of(sample, tones) for sample in samples if sample],
        key=f"versions.{name}.{found.version}.{found.against}",
        on_open=lambda sample_id: st.session_state.update(
            {"versions.open": {**query, "sample": str(sample_id)}}
        ),
        on_turn=lambda _: None,
        size="small",
    )


page()
