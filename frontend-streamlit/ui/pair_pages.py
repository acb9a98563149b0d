"""Samples that two evaluations have in common: which of them are looked at, as the address says it."""

from dataclasses import dataclass
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.results import Agreement, EvaluationComparison, ResultPair, ResultSort
from ui.result_pages import asked_sort
from ui.tiles import PAGE_SIZE, Listed, Tiles

NO_FILTER = {"agreement": None, "class": None, "subset": None}


@dataclass(frozen=True)
class Pairs:
    """Those of two evaluations under filters and an order; they never change."""

    left: UUID
    right: UUID
    agreement: Agreement | None = None
    subset: str | None = None
    label: str | None = None
    sort: ResultSort = "score"

    @property
    def is_filtered(self) -> bool:
        return any((self.agreement, self.subset, self.label))


def asked_pairs(left: UUID, right: UUID) -> Pairs:
    asked = st.query_params.get
    agreement = asked("agreement")
    return Pairs(
        left,
        right,
        agreement=Agreement(agreement) if agreement in list(Agreement) else None,
        subset=asked("subset") or None,
        label=asked("class") or None,
        sort=asked_sort(),
    )


def pair_tiles(wanted: Pairs) -> Tiles[ResultPair]:
    def listed(cursor: str | None) -> Listed[ResultPair]:
        page = compared(wanted, cursor).pairs
        return page.items, page.next_cursor

    return Tiles(wanted, listed, lambda pair: pair.sample_id)


# What two evaluations have found never changes, so a session asks for it once. As it is: a page of a generic
# model cannot be copied the way data is.
@st.cache_resource(scope="session", max_entries=40, show_spinner=False)
def compared(wanted: Pairs, cursor: str | None) -> EvaluationComparison:
    return yard().evaluations.compare(
        wanted.left,
        wanted.right,
        agreement=wanted.agreement,
        subset=wanted.subset,
        label=wanted.label,
        sort=wanted.sort,
        limit=PAGE_SIZE,
        cursor=cursor,
    )
