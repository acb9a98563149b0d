"""One dataset: what it holds, what its import said, what was written out of it."""

from functools import partial
from uuid import UUID

import streamlit as st
from comp.sample_grid import Tile, sample_grid
from comp.shown import Tones
from session import yard
from ui.access import may_edit
from ui.address import address_sections, given_id, go
from ui.confirming import confirm_deletion
from ui.dataset_exports import exports_section
from ui.dataset_links import dataset_links, without_dataset
from ui.dataset_rows import AT_WORK, is_at_work, progress
from ui.findings import class_bars, problems, tallies
from ui.sources import said
from ui.states import ago, empty_state, escaped, shortened, size, state_badge

from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.imports import ReportKind
from libs.common.contracts.versions import Bin, DatasetStats
from libs.common.errors import BadInput, Conflict, NotFound

KINDS = {
    ReportKind.IMPORT: "First import",
    ReportKind.ADD: "Data added",
    ReportKind.DETECT: "A look",
    ReportKind.EXPORT: "Export",
}
CAN_BE_PREPARED = (DatasetStatus.RAW, DatasetStatus.FAILED)


def page() -> None:
    dataset_id = given_id("id") or st.session_state.get("browse.dataset")
    if dataset_id is None:
        without_dataset("database")
        return
    if "id" not in st.query_params:
        go(id=dataset_id)
    if deleted := st.session_state.pop("dataset.deleted", None):
        st.session_state.pop("browse.dataset", None)
        st.switch_page("app_pages/datasets.py", query_params={"project": str(deleted.project_id)})
    dataset = yard().datasets.get(dataset_id)
    st.session_state["browse.dataset"] = dataset_id
    header(dataset)
    if is_at_work(dataset):
        follow(dataset.id)
    if dataset.status is DatasetStatus.NOT_FOUND:
        st.error(what_is_gone(dataset), icon=":material/search_off:")
    elif dataset.error_detail:
        st.error(escaped(dataset.error_detail), icon=":material/error:")
    sections(dataset)


def what_is_gone(dataset: Dataset) -> str:
    """A dataset that was never imported still lies where it came from."""
    if dataset.version:
        return "The stored bytes of this dataset are gone: bring the data in anew."
    return f"Its source is gone ({escaped(said(dataset.source)[:200])}): put it back, then import it."


def header(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(escaped(shortened(dataset.name)), width="content")
        state_badge(dataset.status)
        if dataset.format:
            st.badge(dataset.format.replace("_", " "), color="gray", icon=":material/description:")
        st.space("stretch")
        actions(dataset)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        dataset_links(dataset, "dataset")
        st.caption(f"from {escaped(said(dataset.source)[:200])} · {ago(dataset.created_at)}", width="content")


def actions(dataset: Dataset) -> None:
    if not may_edit(dataset.project_id):
        return
    if can_be_prepared(dataset) and st.button(
        "Import now", icon=":material/download:", key="dataset.prepare"
    ):
        prepare(dataset)
    if dataset.status is DatasetStatus.READY and st.button(
        "Add data", icon=":material/add:", key="dataset.add", disabled=dataset.is_adding
    ):
        st.switch_page("app_pages/register.py", query_params={"dataset": str(dataset.id)})
    if st.button("Rename", icon=":material/edit:", key="dataset.rename"):
        rename(dataset)
    if st.button("Delete", icon=":material/delete:", key="dataset.delete"):
        confirm_deletion(
            "the dataset",
            dataset.name,
            "its samples, versions, splits and exports go with it.",
            lambda: delete(dataset),
            key="dataset.confirm",
        )


def can_be_prepared(dataset: Dataset) -> bool:
    """Also where the source is gone: somebody may have put it back since the page was looked at."""
    is_gone = dataset.status is DatasetStatus.NOT_FOUND and not dataset.version
    return is_gone or dataset.status in CAN_BE_PREPARED


def prepare(dataset: Dataset) -> None:
    try:
        yard().datasets.prepare(dataset.id)
    except (BadInput, Conflict, NotFound) as error:
        st.toast(escaped(error.detail), icon=":material/error:")
        return
    st.rerun()


@st.dialog("Rename the dataset")
def rename(dataset: Dataset) -> None:
    name = st.text_input("Name", dataset.name, key="dataset.name", max_chars=200)
    if st.button("Rename", type="primary", key="dataset.renamed", disabled=not name.strip()):
        yard().datasets.rename(dataset.id, name)
        st.rerun()


def delete(dataset: Dataset) -> None:
    yard().datasets.delete(dataset.id)
    st.session_state["dataset.deleted"] = dataset


def follow(dataset_id: UUID) -> None:
    """The import at work; the whole page comes anew when it is over."""

    @st.fragment(run_every=1.0)
    def live() -> None:
        dataset = yard().datasets.get(dataset_id)
        if not is_at_work(dataset):
            st.rerun()
        progress(dataset)

    live()


def sections(dataset: Dataset) -> None:
    names = {"overview": ":material/insights: Overview", "report": ":material/fact_check: Import report"}
    if dataset.version:
        names["exports"] = ":material/archive: Exports"
    shown = address_sections(names, key="dataset.section")
    match shown:
        case "report":
            report(dataset)
        case "exports":
            exports_section(dataset)
        case _:
            overview(dataset)


def overview(dataset: Dataset) -> None:
    if not dataset.version:
        sentence = (
            "Nothing is imported yet." if dataset.status not in AT_WORK else "The samples are on their way."
        )
        empty_state("hourglass_top" if dataset.status in AT_WORK else "inventory_2", sentence)
        return
    stats = yard().datasets.stats(dataset.id)
    figures(stats)
    preview(dataset)
    charts(stats)


def charts(stats: DatasetStats) -> None:
    """In two columns; what has one value only is told by the figures, or not worth a picture."""
    bars = {
        "Classes": stats.classes,
        "Languages": stats.languages,
        "Subsets of the source": stats.subsets,
        "Annotations": stats.annotation_types,
    }
    lengths = {"Widths": stats.widths, "Heights": stats.heights}
    drawn = [
        *(partial(class_bars, counts, title=title) for title, counts in bars.items() if len(counts) > 1),
        *(partial(length_bars, title, bins) for title, bins in lengths.items() if len(bins) > 1),
    ]
    columns = st.columns(2)
    for place, draw in enumerate(drawn):
        # The first is the tallest, and has a column for itself.
        with columns[min(place, 1)]:
            draw()


def figures(stats: DatasetStats) -> None:
    with st.container(horizontal=True):
        st.metric("Samples", f"{stats.num_samples:,}", border=True)
        st.metric("Annotations", f"{stats.num_annotations:,}", border=True)
        st.metric("Classes", f"{len(stats.classes):,}", border=True)
        st.metric("Size", size(stats.size_bytes), border=True)
        if stats.max_width:
            wide = (
                f"{stats.min_width}–{stats.max_width}"
                if stats.min_width != stats.max_width
                else stats.max_width
            )
            st.metric("Width in pixels", wide, border=True)


def preview(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**A few of them**")
        st.button("Others", icon=":material/casino:", key="dataset.others", type="tertiary")
    tones = Tones(dataset.classes)
    sample_grid(
        [Tile.of(sample, tones) for sample in yard().datasets.preview(dataset.id)],
        key=f"dataset.preview.{dataset.id}.{dataset.version}",
        on_open=lambda sample_id: st.session_state.update({"dataset.open": sample_id}),
        on_turn=lambda _: None,
        size="large",
    )
    if sample_id := st.session_state.pop("dataset.open", None):
        st.switch_page(
            "app_pages/browse.py", query_params={"dataset": str(dataset.id), "sample": str(sample_id)}
        )


def length_bars(title: str, bins: tuple[Bin, ...]) -> None:
    st.markdown(f"**{title}**")
    option = {
        "tooltip": {"trigger": "axis"},
        "grid": {"left": 8, "right": 16, "top": 8, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "category", "data": [f"{each.low}" for each in bins]},
        "yAxis": {"type": "value", "splitNumber": 3},
        "series": [{"type": "bar", "data": [each.count for each in bins], "barCategoryGap": "8%"}],
    }
    st.echarts_chart(option, height=160, alt=f"{title} of the images in pixels")


def report(dataset: Dataset) -> None:
    try:
        found = yard().datasets.report(dataset.id)
    except NotFound:
        empty_state("fact_check", "There is a report when an import has ended.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{KINDS[found.kind]} · {found.format.replace('_', ' ')} · {ago(found.created_at)}",
            width="content",
        )
        st.space("stretch")
        if found.problems.items:
            # It is fetched outside of the page's run, where nobody knows who asks.
            datasets = yard().datasets
            st.download_button(
                "Every problem as CSV",
                partial(datasets.download_report, dataset.id),
                file_name=f"report-{dataset.id}.csv",
                mime="text/csv",
                icon=":material/download:",
                key="dataset.csv",
            )
    tallies(found)
    problems(found)


page()
