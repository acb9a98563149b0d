"""SQL of pages of samples: each is read along one index, however many samples there are.

Times and plans at a million rows: `python -m benchmarks browsing`.
"""

from collections.abc import Sequence
from math import inf
from typing import Any

from sqlalchemy import Row, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.samples import SampleFilter
from services.datasets.models import SampleRow, SplitRow
from services.datasets.repository.listed import (
    SampleList,
    Wanted,
    of_label,
    of_matches,
    of_samples,
    of_subset,
)
from services.datasets.repository.names import ORDERS, NameRepository

# So many of a list are looked at for a part of their names before all names are searched.
MOST_WALKED = 20_000
# So many matches of that search are looked at; where they do not fill a page, more, and then all.
ROUNDS = (500, 10_000, None)
# Just after an import the planner does not know yet how much there is, and would rather sort all of it.
PLANS = text(
    "SELECT set_config('enable_seqscan', :others, true), set_config('enable_bitmapscan', :others, true),"
    " set_config('enable_sort', :others, true), set_config('enable_hashjoin', :others, true),"
    " set_config('enable_mergejoin', :others, true)"
)
# Id, first version and subset of each row of a page.
Keys = Sequence[Row[*tuple[Any, ...]]]


class PageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._names = NameRepository(session)

    async def page(self, wanted: Wanted, num_labelled: int) -> list[tuple[SampleRow, str | None]]:
        """Rows with their subset in the wanted split (None without one).

        `num_labelled` samples of the version have the label of the filter.
        """
        listed = await self._list(wanted, num_labelled)
        await self._session.execute(PLANS, {"others": "off"})
        keys, is_all = await self._walk(wanted, listed)
        await self._session.execute(PLANS, {"others": "on"})
        return await self._rows(keys if is_all else await self._search(wanted))

    async def _list(self, wanted: Wanted, num_labelled: int) -> SampleList:
        """The shortest that holds the page."""
        by = wanted.filter
        if by.label is None:
            return of_samples(wanted) if by.split_id is None or by.subset is None else of_subset(wanted)
        num_assigned = await self._num_assigned(by)
        return of_label(wanted, by.label) if num_labelled <= num_assigned else of_subset(wanted)

    async def _walk(self, wanted: Wanted, listed: SampleList) -> tuple[Keys, bool]:
        """False if the beginning of the list does not hold enough names with the wanted part."""
        part = wanted.filter.text
        if not part:
            return (await self._session.execute(listed.page(wanted, wanted.limit))).all(), True
        walked = listed.page(wanted, MOST_WALKED).subquery()
        fitting = select(walked).where(func.strpos(walked.c.name, part) > 0)
        keys = (await self._session.execute(fitting.limit(wanted.limit))).all()
        if len(keys) == wanted.limit:
            return keys, True
        last = select(walked.c.id).offset(MOST_WALKED - 1).limit(1)
        return keys, await self._session.scalar(last) is None

    async def _search(self, wanted: Wanted) -> Keys:
        """For the part of the name first, then for what else is wanted."""
        keys: Keys = ()
        for most in ROUNDS if wanted.sort in ORDERS else (None,):
            matches = await self._names.matching(wanted, most)
            statement = of_matches(wanted, matches.ids, matches.edge).page(wanted, wanted.limit)
            keys = (await self._session.execute(statement)).all()
            if len(keys) == wanted.limit or matches.is_all:
                break
        return keys

    async def _rows(self, keys: Keys) -> list[tuple[SampleRow, str | None]]:
        wanted = [(key.id, key.since) for key in keys]
        statement = select(SampleRow).where(tuple_(SampleRow.id, SampleRow.since).in_(wanted))
        rows = {(row.id, row.since): row for row in await self._session.scalars(statement)}
        return [(rows[key.id, key.since], key.subset) for key in keys]

    async def _num_assigned(self, by: SampleFilter) -> float:
        """To the wanted subset of the wanted split; no subset is endless."""
        if by.split_id is None or by.subset is None:
            return inf
        subsets = await self._session.scalar(select(SplitRow.subsets).where(SplitRow.id == by.split_id))
        return next((each["num_samples"] for each in subsets or () if each["subset"] == by.subset), 0)
