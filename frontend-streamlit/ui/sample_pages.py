"""Which samples of a dataset are looked at, as the address says it, and pages of them by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.samples import Sample, SampleSort
from libs.common.contracts.splits import Split
from libs.common.contracts.versions import DatasetStats
from ui.address import given_id, given_number, go

PAGE_SIZE = 60
SORTS: dict[SampleSort, str] = {
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
    "-created": "Newest first",
    "created": "Oldest first",
    "-size": "Largest first",
    "size": "Smallest first",
}
Way = Literal["next", "previous"]


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


@dataclass(frozen=True)
class SamplePage:
    items: tuple[Sample, ...]
    next_cursor: str | None
    number: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1

    def place_of(self, sample_id: UUID) -> int | None:
        return next((place for place, each in enumerate(self.items) if each.id == sample_id), None)


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


def choose(**changes: object) -> None:
    """Other filters begin at their first page."""
    go(**changes, cursor=None, page=None, sample=None)


def sample_page(wanted: Selection) -> SamplePage:
    """The page that the address names."""
    cursor = st.query_params.get("cursor") or None
    items, next_cursor = _listed(wanted, cursor)
    return SamplePage(items, next_cursor, given_number("page", 1) if cursor else 1)


def turn(wanted: Selection, way: Way) -> None:
    cursor, number = _beside(wanted, sample_page(wanted), way)
    go(cursor=cursor, page=number, sample=None)


def turn_to_sample(wanted: Selection, way: Way) -> None:
    """The first sample of the next page, or the last one of the page before."""
    cursor, number = _beside(wanted, sample_page(wanted), way)
    items, _ = _listed(wanted, cursor)
    if items:
        go(cursor=cursor, page=number, sample=items[0 if way == "next" else -1].id)


def _beside(wanted: Selection, page: SamplePage, way: Way) -> tuple[str | None, int | None]:
    """Cursors lead forward only: the way back is remembered, and where it is not it leads to the start."""
    trail: dict[tuple[Selection, int], str] = st.session_state.setdefault("browse.trail", {})
    if here := st.query_params.get("cursor"):
        trail[wanted, page.number] = here
    number = page.number + (1 if way == "next" else -1)
    if way == "next" and page.next_cursor:
        trail[wanted, number] = page.next_cursor
    cursor = trail.get((wanted, number))
    return cursor, number if cursor else None


def total(wanted: Selection, page: SamplePage, stats: DatasetStats, splits: Sequence[Split]) -> int | None:
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
def _listed(wanted: Selection, cursor: str | None) -> tuple[tuple[Sample, ...], str | None]:
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
