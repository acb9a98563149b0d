"""What became of the samples of an evaluation: which of them are looked at, as the address says it."""

from dataclasses import dataclass
from typing import cast, get_args
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.results import ResultSort, SampleResult
from ui.tiles import PAGE_SIZE, Listed, Tiles

SORTS: dict[ResultSort, str] = {
    "score": "Worst first",
    "-score": "Best first",
    "confidence": "Least sure first",
    "-confidence": "Surest first",
    "-loss": "Largest loss first",
    "loss": "Smallest loss first",
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
}
VERDICTS = {"wrong": "Wrong", "right": "Right"}
NO_FILTER = {"verdict": None, "class": None, "predicted": None, "subset": None, "name": None}


@dataclass(frozen=True)
class Results:
    """Those of one evaluation under filters and an order; they never change."""

    evaluation_id: UUID
    verdict: str | None = None
    label: str | None = None
    predicted: str | None = None
    subset: str | None = None
    text: str | None = None
    sort: ResultSort = "score"

    @property
    def is_filtered(self) -> bool:
        return any((self.verdict, self.label, self.predicted, self.subset, self.text))


def asked_results(evaluation_id: UUID) -> Results:
    asked = st.query_params.get
    verdict = asked("verdict")
    return Results(
        evaluation_id=evaluation_id,
        verdict=verdict if verdict in VERDICTS else None,
        label=asked("class") or None,
        predicted=asked("predicted") or None,
        subset=asked("subset") or None,
        text=(asked("name") or "")[:200] or None,
        sort=asked_sort(),
    )


def asked_sort() -> ResultSort:
    sort = st.query_params.get("sort", "score")
    return cast(ResultSort, sort) if sort in get_args(ResultSort) else "score"


def result_tiles(wanted: Results) -> Tiles[SampleResult]:
    return Tiles(wanted, lambda cursor: _listed(wanted, cursor), lambda result: result.sample_id)


# What an evaluation has found never changes, so a session asks for it once.
@st.cache_data(scope="session", max_entries=40, show_spinner=False)
def _listed(wanted: Results, cursor: str | None) -> Listed[SampleResult]:
    page = yard().evaluations.samples(
        wanted.evaluation_id,
        correct=None if wanted.verdict is None else wanted.verdict == "right",
        label=wanted.label,
        predicted=wanted.predicted,
        subset=wanted.subset,
        q=wanted.text,
        sort=wanted.sort,
        limit=PAGE_SIZE,
        cursor=cursor,
    )
    return page.items, page.next_cursor
