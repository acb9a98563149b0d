"""SQL of pages of samples: each is read along one index, however many samples there are.

Times and plans at a million rows: `python -m benchmarks browsing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import SampleRow, SplitRow
from services.datasets.repository.listed import (
    SampleList,
    Wanted,
    of_label,
    of_matches,
    of_samples,
    of_split,
)
from services.datasets.repository.names import NameRepository

# So many of a list are looked at for a part of their names before all names are searched.
MOST_WALKED = 60_000
# So many blocks of that search, times a page, are looked into; if it stays short more, and then all. Blocks
# whose names overlap, as those of one folder may, each hold one sample at least that comes first.
ROUNDS = (1.5, 30, None)
# To look something up in the row of each sample takes so many times longer than to read it in the list.
LOOK_UP = 8
# Just after an import the planner does not know yet how much there is, and would rather sort all of it.
PLANS = text(
    "SELECT set_config('enable_seqscan', :others, true), set_config('enable_bitmapscan', :others, true),"
    " set_config('enable_sort', :others, true), set_config('enable_hashjoin', :others, true),"
    " set_config('enable_mergejoin', :others, true)"
)
# Id, first version and subset of each row of a page.
Keys = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Counts:
    """Of samples of the version: all, with each label, in each subset that the import named."""

    num_samples: int
    labels: Mapping[str, int]
    subsets: Mapping[str, int]


class PageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._names = NameRepository(session)

    async def page(self, wanted: Wanted, counts: Counts) -> list[tuple[SampleRow, str | None]]:
        """Rows with their subset in the wanted split (None without one)."""
        listed, size = await self._list(wanted, counts)
        if not size:
            return []
        await self._session.execute(PLANS, {"others": "off"})
        keys, is_all = await self._walk(wanted, listed, size)
        await self._session.execute(PLANS, {"others": "on"})
        return await self._rows(keys if is_all else await self._search(wanted))

    async def _list(self, wanted: Wanted, counts: Counts) -> tuple[SampleList, int]:
        """The one that is walked fastest, and how long it is."""
        by = wanted.filter
        subsets = await self._assigned(by.split_id) if by.split_id else counts.subsets
        size = sum(subsets.values()) if by.split_id else counts.num_samples
        if by.subset is not None:
            size = subsets.get(by.subset, 0)
        num_labelled = size if by.label is None else counts.labels.get(by.label, 0)
        if by.label is not None and num_labelled <= size * (1 if by.split_id else LOOK_UP):
            return of_label(wanted, by.label), num_labelled if size else 0
        if by.split_id is not None:
            return of_split(wanted, list(subsets) if by.subset is None else [by.subset]), size
        return of_samples(wanted), size

    async def _walk(self, wanted: Wanted, listed: SampleList, size: int) -> tuple[Keys, bool]:
        """False if the beginning of the list does not hold enough names with the wanted part."""
        part = wanted.filter.text
        if not part:
            return (await self._session.execute(listed.page(wanted, wanted.limit))).all(), True
        most = MOST_WALKED // (LOOK_UP if listed.looks_up else 1)
        walked = listed.page(wanted, most).subquery()
        fitting = select(walked).where(func.strpos(walked.c.name, part) > 0)
        keys = (await self._session.execute(fitting.limit(wanted.limit))).all()
        return keys, len(keys) == wanted.limit or size <= most

    async def _search(self, wanted: Wanted) -> Keys:
        """For the part of the name first, then for what else is wanted."""
        keys: Keys = ()
        for pages in ROUNDS:
            matches = await self._names.matching(wanted, int(pages * wanted.limit) if pages else None)
            keys = (await self._session.execute(of_matches(wanted, matches.ids))).all()
            if len(keys) == wanted.limit or matches.is_all:
                break
        return keys

    async def _rows(self, keys: Keys) -> list[tuple[SampleRow, str | None]]:
        wanted = [(key.id, key.since) for key in keys]
        statement = select(SampleRow).where(tuple_(SampleRow.id, SampleRow.since).in_(wanted))
        rows = {(row.id, row.since): row for row in await self._session.scalars(statement)}
        return [(rows[key.id, key.since], key.subset) for key in keys]

    async def _assigned(self, split_id: UUID) -> Mapping[str, int]:
        subsets = await self._session.scalar(select(SplitRow.subsets).where(SplitRow.id == split_id))
        return {each["subset"]: each["num_samples"] for each in subsets or ()}
