"""Browse: the samples of one version of a dataset, filtered, paged, opened, ticked and deleted."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

import streamlit as st
from comp.sample_grid import Tile, sample_grid
from comp.shown import Tones
from session import yard
from ui.access import may_edit
from ui.address import address_select, given_id, given_number, go
from ui.dataset_links import dataset_links, without_dataset
from ui.sample_detail import sample_detail
from ui.sample_filters import clear_filters, filter_row
from ui.sample_pages import Selection, sample_tiles, selection, total, version_stats
from ui.states import ago, empty_state, escaped, size, state_badge
from ui.tile_bar import bottom_pager, chosen_size, open_sample, pager, range_of, size_choice
from ui.tiles import TilePage, Tiles, choose

from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.samples import Sample
from libs.common.contracts.versions import MAX_EDITS, DatasetVersion
from libs.common.errors import BadInput, NotFound

# Every edit makes a version; the choice offers the newest, older ones are reached by their number.
MOST_VERSIONS = 200
WITHOUT_SAMPLES = {
    DatasetStatus.IMPORTING: (
        "hourglass_top",
        "The samples are being imported; here they will be.",
    ),
    DatasetStatus.PREPARING: (
        "hourglass_top",
        "The samples are being prepared; here they will be.",
    ),
    DatasetStatus.RAW: ("inventory_2", "This dataset is registered, but not imported yet."),
    DatasetStatus.NOT_FOUND: ("search_off", "The stored bytes of this dataset are gone."),
    DatasetStatus.FAILED: ("error", "The import failed, so there is nothing to look at."),
    DatasetStatus.READY: ("grid_view", "This dataset has no samples."),
}


def page() -> None:
    dataset_id = given_id("dataset") or st.session_state.get("browse.dataset")
    if dataset_id is None:
        without_dataset("grid_view")
        return
    if "dataset" not in st.query_params:
        go(dataset=dataset_id)
    dataset = yard().datasets.get(dataset_id)
    st.session_state["browse.dataset"] = dataset_id
    if told := st.session_state.pop("browse.told", None):
        st.toast(escaped(told), icon=":material/check:")
    shown = given_number("version", dataset.version)
    header(dataset, shown)
    if dataset.version:
        browse(dataset, shown)
    else:
        empty_state(*WITHOUT_SAMPLES[dataset.status])
        if dataset.error_detail:
            st.caption(f":red[{escaped(dataset.error_detail)}]")


def header(dataset: Dataset, shown: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(escaped(dataset.name), width="content")
        state_badge(dataset.status)
        if dataset.is_adding:
            st.badge("adding data", color="blue", icon=":material/progress_activity:")
        if shown != dataset.version:
            st.badge("older version, read only", color="gray", icon=":material/history:")
        st.space("stretch")
        if dataset.version:
            version_choice(dataset, shown)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        dataset_links(dataset, "browse")
        st.space("stretch")
        st.caption(summary(dataset), width="content")


def summary(dataset: Dataset) -> str:
    if not dataset.version:
        return f"registered {ago(dataset.created_at)}"
    classes = [f"{len(dataset.classes):,} classes"] if dataset.classes else []
    changed = f"changed {ago(dataset.updated_at)}"
    return " · ".join([f"{dataset.num_samples:,} samples", *classes, size(dataset.size_bytes), changed])


def version_choice(dataset: Dataset, shown: int) -> None:
    found = islice(yard().datasets.versions(dataset.id), MOST_VERSIONS)
    options = {str(each.version): version_name(each) for each in found}
    options[str(dataset.version)] = f"Version {dataset.version}, newest"
    options.setdefault(str(shown), f"Version {shown}")
    address_select(
        "Version",
        "version",
        options,
        key="browse.version",
        default=str(dataset.version),
        on_choose=lambda version: choose(version=version),
        width=260,
    )


def version_name(version: DatasetVersion) -> str:
    return " · ".join(filter(None, (f"Version {version.version}", version.message)))


def browse(dataset: Dataset, shown: int) -> None:
    stats = version_stats(dataset.id, shown)
    splits = tuple(yard().splits.list(dataset.id))
    wanted = selection(dataset.id, shown)
    classes = dataset.classes or tuple(each.name for each in stats.classes)
    filter_row(wanted, classes, stats, splits)
    try:
        tiles = sample_tiles(wanted)
        found = tiles.page()
    except (BadInput, NotFound) as error:
        lost(error)
        return
    count = total(wanted, found, stats, splits)
    can_edit = shown == dataset.version and may_edit(dataset.project_id)
    # Above the grid, but what is ticked is known only after it.
    bar = st.container(horizontal=True, vertical_alignment="center")
    ticked = grid(tiles, found, wanted, Tones(classes), can_edit) if found.items else ()
    with bar:
        toolbar(dataset, wanted, tiles, found, count, ticked)
    if found.items:
        bottom_pager(tiles, found, key="browse")
    else:
        nothing_found(wanted)
    if "sample" in st.query_params:
        sample_detail(wanted, classes, count, can_edit)


def grid(
    tiles: Tiles[Sample], found: TilePage[Sample], wanted: Selection, tones: Tones, can_edit: bool
) -> tuple[UUID, ...]:
    """What is ticked stays so from page to page, until something is deleted or another version is shown."""
    round_ = st.session_state.get("browse.round", 0)
    return sample_grid(
        [Tile.of(sample, tones) for sample in found.items],
        key=f"browse.grid.{wanted.dataset_id}.{wanted.version}.{round_}",
        on_open=open_sample,
        on_turn=tiles.turn,
        has_previous=found.number > 1,
        has_next=found.next_cursor is not None,
        can_tick=can_edit,
        size=chosen_size(key="browse.size"),
    )


def toolbar(
    dataset: Dataset,
    wanted: Selection,
    tiles: Tiles[Sample],
    found: TilePage[Sample],
    count: int | None,
    ticked: Sequence[UUID],
) -> None:
    st.caption(range_of(found, count), width="content")
    if wanted.is_filtered:
        st.button(
            "Clear filters",
            key="browse.clear",
            type="tertiary",
            icon=":material/filter_alt_off:",
            on_click=clear_filters,
        )
    if ticked:
        delete_button(dataset, ticked)
    st.space("stretch")
    size_choice(key="browse.size")
    pager(tiles, found, "top", key="browse")


def delete_button(dataset: Dataset, ticked: Sequence[UUID]) -> None:
    is_too_much = len(ticked) > MAX_EDITS
    if st.button(
        f"Delete {len(ticked):,} ticked",
        key="browse.delete",
        icon=":material/delete:",
        disabled=is_too_much,
        help=f"At most {MAX_EDITS:,} at once" if is_too_much else None,
    ):
        confirm_deletion(dataset, ticked)
    st.button(
        "Untick",
        key="browse.untick",
        type="tertiary",
        on_click=begin_round,
    )


@st.dialog("Delete samples", icon=":material/delete:")
def confirm_deletion(dataset: Dataset, ticked: Sequence[UUID]) -> None:
    count = "This sample is" if len(ticked) == 1 else f"These {len(ticked):,} samples are"
    st.markdown(
        f"{count} taken out of **{escaped(dataset.name)}** from version {dataset.version + 1} on. "
        f"Version {dataset.version} keeps them, and so do the runs that were made with it."
    )
    message = st.text_input("Why", key="browse.why", max_chars=500, placeholder="Shown in the history")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key="browse.cancel"):
            st.rerun()
        if st.button("Delete", key="browse.confirm", type="primary"):
            version = yard().datasets.edit(dataset.id, remove=ticked, message=message or "")
            st.session_state["browse.told"] = f"Deleted {len(ticked):,}: version {version.version}"
            begin_round()
            choose()
            st.rerun()


def begin_round() -> None:
    """A grid under another key has nothing ticked."""
    st.session_state["browse.round"] = st.session_state.get("browse.round", 0) + 1


def nothing_found(wanted: Selection) -> None:
    def show_all() -> None:
        clear_filters()
        st.rerun()

    if wanted.is_filtered:
        empty_state("filter_alt_off", "No sample is like that.", "Show all samples", show_all)
    else:
        empty_state("grid_view", "This version has no samples.")


def lost(error: BadInput | NotFound) -> None:
    """An address that leads nowhere any more: a cursor of another order, a version that never was."""
    st.error(f"**{error.title}.** {escaped(error.detail)}", icon=":material/explore_off:")
    st.button(
        "First page",
        key="browse.first",
        icon=":material/first_page:",
        on_click=lambda: choose(label=None, split=None, subset=None, q=None, sort=None),
    )


page()
