"""Which samples of a dataset are looked at, as the address says it, and pages of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.samples import Sample, SampleSort
from libs.common.contracts.splits import Split
from libs.common.contracts.versions import DatasetStats
from ui.address import given_id
from ui.tiles import PAGE_SIZE, Listed, TilePage, Tiles

SORTS: dict[SampleSort, str] = {
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
    "-created": "Newest first",
    "created": "Oldest first",
    "-size": "Largest first",
    "size": "Smallest first",
}


@dataclass(frozen=True)
class Selection:
    """One version of a dataset under filters and an order; immutable, as the version is."""

    dataset_id: UUID
    version: int
    label: str | None = None
    split: UUID | None = None
    subset: str | None = None
    text: str | None = None
    sort: SampleSort = "name"

    @property
    def is_filtered(self) -> bool:
        return any((self.label, self.split, self.subset, self.text))


def selection(dataset_id: UUID, version: int) -> Selection:
    asked = st.query_params.get
    sort = asked("sort", "name")
    return Selection(
        dataset_id=dataset_id,
        version=version,
        label=asked("label") or None,
        split=given_id("split"),
        subset=asked("subset") or None,
        text=(asked("q") or "")[:200] or None,
        sort=cast(SampleSort, sort) if sort in get_args(SampleSort) else "name",
    )


def sample_tiles(wanted: Selection) -> Tiles[Sample]:
    return Tiles(wanted, lambda cursor: _listed(wanted, cursor), lambda sample: sample.id)


def total(
    wanted: Selection, page: TilePage[Sample], stats: DatasetStats, splits: Sequence[Split]
) -> int | None:
    """How many there are in all, where that is known without counting."""
    if page.next_cursor is None and (page.items or page.number == 1):
        return page.last
    if not wanted.is_filtered:
        return stats.num_samples
    if wanted.text or (wanted.label and (wanted.split or wanted.subset)):
        return None
    if wanted.label:
        counts = {each.name: each.count for each in stats.classes}
        return counts.get(wanted.label)
    split = next((each for each in splits if each.id == wanted.split), None)
    if split is None:
        return {each.name: each.count for each in stats.subsets}.get(wanted.subset or "")
    return sum(each.num_samples for each in split.subsets if wanted.subset in (None, each.subset))


# What belongs to a version never changes, so a session asks for it once.
@st.cache_data(scope="session", max_entries=40, show_spinner=False)
def _listed(wanted: Selection, cursor: str | None) -> Listed[Sample]:
    page = yard().samples.page(
        wanted.dataset_id,
        version=wanted.version,
        label=wanted.label,
        split=wanted.split,
        subset=wanted.subset,
        q=wanted.text,
        sort=wanted.sort,
        limit=PAGE_SIZE,
        cursor=cursor,
    )
    return page.items, page.next_cursor


@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def version_stats(dataset_id: UUID, version: int) -> DatasetStats:
    return yard().datasets.stats(dataset_id, version)
