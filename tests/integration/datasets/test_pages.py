"""Pages of samples against a plain model of them: every order, filter and version, nothing lost or twice."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.samples import SampleFilter, SampleSort
from libs.common.ids import new_id
from services.datasets.models import SampleRow, ShardRow, SplitRow
from services.datasets.repository import pages
from services.datasets.repository.listed import Wanted, sort_value
from services.datasets.repository.lists import write_lists
from services.datasets.repository.pages import Counts, PageRepository
from services.datasets.repository.splits import SplitRepository
from tests.integration.datasets.desk import Desk

LABELS = ("cat", "dog", "every", "ünï'code\\")
FOLDERS = ("a", "b", "train", "val", "Zebra", "é")
NUM_VERSIONS = 5
NUM_ADDED = 90
SORTS: tuple[SampleSort, ...] = get_args(SampleSort)
KEYS: dict[str, Callable[[SampleRow], Any]] = {
    "name": lambda row: (row.name.encode(), row.id),
    "size": lambda row: (row.size_bytes, row.id),
    "created": lambda row: row.id,
}


@dataclass(frozen=True, repr=False)
class World:
    """All rows of a dataset as the database has them, and what a split says of the samples of version 2."""

    desk: Desk
    dataset_id: UUID
    rows: Sequence[SampleRow]
    split_id: UUID
    assigned: dict[UUID, str]

    def rows_in(self, version: int) -> list[SampleRow]:
        return [row for row in self.rows if row.since <= version < (row.until or version + 1)]

    def expected(self, version: int, by: SampleFilter, sort: SampleSort) -> list[tuple[UUID, str | None]]:
        rows = sorted(self.rows_in(version), key=KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))
        return [(row.id, self._subset(row, by)) for row in rows if self._fits(row, by)]

    async def pages(
        self, version: int, by: SampleFilter, sort: SampleSort, limit: int
    ) -> list[tuple[UUID, str | None]]:
        """One after the other, as the service asks for them."""
        found: list[tuple[SampleRow, str | None]] = []
        while True:
            after = (found[-1][0].id, sort_value(found[-1][0], sort)) if found else None
            wanted = Wanted(self.dataset_id, version, version == NUM_VERSIONS, by, sort, after, limit + 1)
            async with self.desk.house.database.transaction() as session:
                page = await PageRepository(session).page(wanted, self._counts(version))
            found += page[:limit]
            if len(page) <= limit:
                return [(row.id, row.subset if by.split_id is None else subset) for row, subset in found]

    def _subset(self, row: SampleRow, by: SampleFilter) -> str | None:
        if by.split_id is None:
            return row.subset
        return self.assigned.get(row.id) if by.split_id == self.split_id else None

    def _fits(self, row: SampleRow, by: SampleFilter) -> bool:
        subset = self._subset(row, by)
        return (
            (by.label is None or by.label in row.labels)
            and (by.split_id is None or subset is not None)
            and (by.subset is None or subset == by.subset)
            and (by.text is None or by.text in row.name)
        )

    def _counts(self, version: int) -> Counts:
        rows = self.rows_in(version)
        labels = {label: sum(label in row.labels for row in rows) for label in LABELS}
        subsets = {subset: sum(row.subset == subset for row in rows) for subset in ("train", "val")}
        return Counts(len(rows), labels, subsets)


@pytest_asyncio.fixture(scope="module")
async def world(desk: Desk) -> World:
    """Five versions that add, edit, remove and bring back; another dataset beside it."""
    dataset = await desk.create(b"its samples are made by hand")
    await desk.settled(dataset.id)
    other = await desk.create(b"nor is this any")
    await desk.settled(other.id)
    chance = random.Random(3)
    rows: list[SampleRow] = []
    split = SplitRow(
        id=new_id(), dataset_id=dataset.id, version=2, name="s", method={}, shards=[], classes=[]
    )
    assigned: dict[UUID, str] = {}
    async with desk.house.database.transaction() as session:
        await _add(session, other.id, 1, chance)
        await write_lists(session, other.id, 1)
        for version in range(1, NUM_VERSIONS + 1):
            if version in (1, 3):
                rows += await _add(session, dataset.id, version, chance)
            else:
                rows += await _edit(session, rows, version, chance)
            await write_lists(session, dataset.id, version)
            if version == 2:
                here = [row for row in rows if row.until is None]
                assigned = {row.id: chance.choice(("train", "val")) for row in here if chance.random() < 0.8}
                sizes = [(name, list(assigned.values()).count(name)) for name in ("train", "val")]
                split.subsets = [{"subset": name, "num_samples": size} for name, size in sizes]
                await SplitRepository(session).add(split, assigned)
    return World(desk, dataset.id, rows, split.id, assigned)


async def _add(
    session: AsyncSession, dataset_id: UUID, version: int, chance: random.Random
) -> list[SampleRow]:
    """Names come in no order, are long enough to fill blocks of their own, and hold what patterns mistake."""
    shard = ShardRow(id=new_id(), dataset_id=dataset_id, size_bytes=0)
    session.add(shard)
    await session.flush()
    rows = [_row(shard, version, number, chance) for number in range(NUM_ADDED)]
    session.add_all(rows)
    await session.flush()
    return rows


def _row(shard: ShardRow, version: int, number: int, chance: random.Random) -> SampleRow:
    folder, odd = chance.choice(FOLDERS), chance.choice(("", "%", "_", "\\", "\n", " "))
    return SampleRow(
        id=new_id(),
        since=version,
        dataset_id=shard.dataset_id,
        name=f"{folder}/{chance.randrange(10**6):06}{odd}{'x' * 40}-{version}-{number}.jpg",
        sha256=f"{number:064}",
        size_bytes=chance.randrange(5),
        width=1,
        height=1,
        media_type="image/jpeg",
        shard_id=shard.id,
        offset=0,
        thumbnail_offset=0,
        thumbnail_size_bytes=0,
        subset=folder if folder in ("train", "val") else None,
        labels=_labels(chance),
        fields={},
        annotations=[],
    )


async def _edit(
    session: AsyncSession, rows: Sequence[SampleRow], version: int, chance: random.Random
) -> list[SampleRow]:
    """A third gets other labels, some go, and some that went before come back."""
    begun: list[SampleRow] = []
    living = {row.id for row in rows if row.until is None}
    for row in list(rows):
        if row.until is None and chance.random() < 0.4:
            row.until = version
            if chance.random() < 0.7:
                begun.append(_following(row, version, _labels(chance)))
        elif row.until is not None and row.id not in living and chance.random() < 0.3:
            living.add(row.id)
            begun.append(_following(row, version, row.labels))
    session.add_all([*rows, *begun])
    await session.flush()
    return begun


def _following(row: SampleRow, version: int, labels: list[str]) -> SampleRow:
    kept = {
        key: getattr(row, key)
        for key in SampleRow.__table__.columns.keys()  # noqa: SIM118
        if key not in ("since", "until", "labels")
    }
    return SampleRow(**kept, since=version, labels=labels)


def _labels(chance: random.Random) -> list[str]:
    return sorted({"every", *(label for label in LABELS if chance.random() < 0.2)})


@given(data=st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_hold_what_a_plain_list_would(world: World, data: st.DataObject) -> None:
    version = data.draw(st.integers(1, NUM_VERSIONS), "version")
    sort = data.draw(st.sampled_from(SORTS), "sort")
    by = SampleFilter(
        label=data.draw(st.sampled_from([None, *LABELS, "unknown"]), "label"),
        split_id=data.draw(st.sampled_from([None, None, world.split_id, new_id()]), "split"),
        subset=data.draw(st.sampled_from([None, None, "train", "val", "test"]), "subset"),
        text=data.draw(
            st.sampled_from(
                [None, "7", "x" * 40, "%", "_", "\\", "\n", "val/", "é/", "l/1", "a", "a/", "/", "no"]
            ),
            "text",
        ),
    )
    limit = data.draw(st.sampled_from([2, 7, 60]), "limit")
    walked = data.draw(st.sampled_from([3, 20, pages.MOST_WALKED]), "walked")
    rounds = data.draw(st.sampled_from([(0.4, 1.0, None), pages.ROUNDS, (None,)]), "rounds")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "MOST_WALKED", walked)
        patch.setattr(pages, "ROUNDS", rounds)
        found = await world.pages(version, by, sort, limit)

    assert found == world.expected(version, by, sort)


async def test_the_model_has_all_that_makes_pages_hard(world: World) -> None:
    """Else the test above would say little."""
    ended = [row for row in world.rows if row.until is not None]
    counts = [len(world.rows_in(version)) for version in range(1, NUM_VERSIONS + 1)]
    ids = {row.id for row in world.rows}

    assert len(world.rows) > len(ids) > len(world.rows_in(NUM_VERSIONS)) > 60
    assert len(ended) > 60 and len(set(counts)) == NUM_VERSIONS
    assert 0 < len(world.assigned) < len(world.rows_in(2))
    assert await world.desk.count("name_blocks", world.dataset_id) > 6
