"""The one row of filters above samples; each is a part of the address."""

from collections.abc import Sequence

import streamlit as st

from libs.common.contracts.splits import Split
from libs.common.contracts.versions import DatasetStats
from ui.address import address_search, address_select
from ui.sample_pages import SORTS, Selection
from ui.tiles import choose

# A longer list is searched for in vain; the class of a sample is told by its tile.
MOST_CLASSES = 3000


def filter_row(
    wanted: Selection, classes: Sequence[str], stats: DatasetStats, splits: Sequence[Split]
) -> None:
    """What there is nothing to choose from is left out."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if classes:
            _classes(classes, stats)
        if splits:
            _splits(splits)
        if subsets := _subsets(wanted, stats, splits):
            _subset_choice(subsets)
        address_search("Search names", "q", key="browse.q", on_choose=lambda text: choose(q=text), width=185)
        address_select(
            "Sort",
            "sort",
            {**SORTS},
            key="browse.sort",
            default="name",
            on_choose=lambda sort: choose(sort=sort),
            width=150,
        )


def _classes(classes: Sequence[str], stats: DatasetStats) -> None:
    counts = {each.name: each.count for each in stats.classes}
    address_select(
        "Class",
        "label",
        {name: f"{name} ({counts.get(name, 0):,})" for name in classes[:MOST_CLASSES]},
        key="browse.label",
        placeholder="All classes",
        on_choose=lambda label: choose(label=label),
        width=165,
    )


def _splits(splits: Sequence[Split]) -> None:
    address_select(
        "Split",
        "split",
        {str(split.id): split.name for split in splits},
        key="browse.split",
        placeholder="No split",
        on_choose=lambda split: choose(split=split, subset=None),
        width=150,
    )


def _subset_choice(subsets: Sequence[str]) -> None:
    address_select(
        "Subset",
        "subset",
        {name: name for name in subsets},
        key="browse.subset",
        placeholder="All subsets",
        on_choose=lambda subset: choose(subset=subset),
        width=140,
    )


def _subsets(wanted: Selection, stats: DatasetStats, splits: Sequence[Split]) -> list[str]:
    """Those of the split, or without one those that the import named."""
    split = next((each for each in splits if each.id == wanted.split), None)
    return [each.subset for each in split.subsets] if split else [each.name for each in stats.subsets]


def clear_filters() -> None:
    choose(label=None, split=None, subset=None, q=None)
