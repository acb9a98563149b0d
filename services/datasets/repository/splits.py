"""SQL of splits: light columns of every sample, in batches, and what was dealt."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Text, and_, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import AssignmentRow, SampleRow, SplitRow
from services.datasets.placed import Placed
from services.datasets.repository.lists import WITHOUT_HURRY
from services.datasets.repository.samples import in_version
from services.datasets.splitting import Needs, Samples

BATCH = 10_000
NUM_FIELDS = 100
COLUMNS = {
    "digests": SampleRow.sha256, "names": SampleRow.name, "subsets": SampleRow.subset,
    "hashes": SampleRow.hash, "widths": SampleRow.width, "heights": SampleRow.height,
}  # fmt: skip
# In the order of the fields of Placed; JSON stays the text that the manifest holds.
PLACED = (
    SampleRow.id, SampleRow.name, SampleRow.dataset_id, SampleRow.shard_id, SampleRow.offset,
    SampleRow.size_bytes, SampleRow.width, SampleRow.height, SampleRow.sha256,
    cast(SampleRow.annotations, Text), SampleRow.media_type, cast(SampleRow.fields, Text),
)  # fmt: skip
# With what pages of a subset are sorted by.
ASSIGN = text("""
    INSERT INTO datasets.assignments (split_id, sample_id, subset, name, size_bytes)
    SELECT :split_id, s.id, assigned.subset, s.name, s.size_bytes
    FROM unnest(CAST(:ids AS uuid[]), CAST(:subsets AS text[])) AS assigned (id, subset)
    JOIN datasets.samples s ON s.id = assigned.id
    WHERE s.since <= :version AND (s.until IS NULL OR s.until > :version)
""")


class SplitRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: SplitRow, subsets: Mapping[UUID, str]) -> None:
        self._session.add(row)
        await self._session.flush()
        # A million of them take longer than a request may.
        await self._session.execute(WITHOUT_HURRY)
        values = {"split_id": row.id, "version": row.version}
        assigned = {"ids": list(subsets), "subsets": list(subsets.values())}
        await self._session.execute(ASSIGN, values | assigned)

    async def get(self, split_id: UUID) -> SplitRow | None:
        return await self._session.get(SplitRow, split_id)

    async def has_name(self, dataset_id: UUID, name: str) -> bool:
        statement = select(SplitRow.id).where(SplitRow.dataset_id == dataset_id, SplitRow.name == name)
        return await self._session.scalar(statement) is not None

    async def sizes(self, dataset_id: UUID, before: UUID | None, limit: int) -> Sequence[tuple[UUID, int]]:
        """Ids and bytes as a message, newest first: ids grow with time."""
        size = func.octet_length(cast(SplitRow.method, Text)) + func.octet_length(
            cast(SplitRow.subsets, Text)
        )
        statement = select(SplitRow.id, size).where(SplitRow.dataset_id == dataset_id)
        if before is not None:
            statement = statement.where(SplitRow.id < before)
        found = await self._session.execute(statement.order_by(SplitRow.id.desc()).limit(limit))
        return [row.tuple() for row in found]

    async def some(self, ids: Sequence[UUID]) -> Sequence[SplitRow]:
        """Newest first."""
        statement = select(SplitRow).where(SplitRow.id.in_(ids)).order_by(SplitRow.id.desc())
        return (await self._session.scalars(statement)).all()

    async def methods(self, dataset_id: UUID, method: str) -> Sequence[tuple[UUID, dict[str, Any]]]:
        """Of all splits by such a method, newest first."""
        statement = select(SplitRow.id, SplitRow.method).where(
            SplitRow.dataset_id == dataset_id, SplitRow.method["method"].astext == method
        )
        return [row.tuple() for row in await self._session.execute(statement.order_by(SplitRow.id.desc()))]

    async def dealt(self, split_id: UUID) -> dict[str, str]:
        """Subset by SHA-256."""
        statement = (
            select(SampleRow.sha256, AssignmentRow.subset)
            .distinct(SampleRow.id)
            .join(AssignmentRow, AssignmentRow.sample_id == SampleRow.id)
            .where(AssignmentRow.split_id == split_id)
        )
        return {digest: subset async for batch in self._batches(statement) for digest, subset in batch}

    async def samples(
        self, dataset_id: UUID, version: int, needs: Needs, split_id: UUID | None = None
    ) -> tuple[Samples, Sequence[str]]:
        """In no order. Of a split only those that it holds, with their subset in it."""
        names, fields = sorted(needs.columns), sorted(needs.fields)
        statement = select(SampleRow.id, SampleRow.labels, *(COLUMNS[name] for name in names))
        statement = statement.add_columns(*(SampleRow.fields[field].astext for field in fields))
        if split_id is not None:
            of_split = and_(AssignmentRow.sample_id == SampleRow.id, AssignmentRow.split_id == split_id)
            statement = statement.add_columns(AssignmentRow.subset).join(AssignmentRow, of_split)
        columns: list[list[Any]] = [[] for _ in statement.selected_columns]
        known: dict[tuple[str, ...], tuple[str, ...]] = {}
        async for batch in self._batches(
            statement.where(SampleRow.dataset_id == dataset_id, in_version(version))
        ):
            ids, labels, *others = zip(*batch, strict=True)
            # The same few sets of labels come again and again: each is held once.
            sets = [known.setdefault(each, each) for each in map(tuple, labels)]
            for column, values in zip(columns, (ids, sets, *others), strict=True):
                column.extend(values)
        subsets = columns.pop() if split_id is not None else []
        ids, labels, *others = columns
        light = dict(zip(names, others[: len(names)], strict=True))
        by_field = dict(zip(fields, others[len(names) :], strict=True))
        return Samples(ids=ids, labels=labels, fields=by_field, **light), subsets

    async def field_names(self, dataset_id: UUID, version: int) -> Sequence[str]:
        """The first hundred."""
        here = select(func.jsonb_object_keys(SampleRow.fields).label("name")).where(
            SampleRow.dataset_id == dataset_id, in_version(version)
        )
        named = here.subquery()
        statement = select(named.c.name).distinct().order_by(named.c.name).limit(NUM_FIELDS)
        return (await self._session.scalars(statement)).all()

    async def for_manifest(self, dataset_id: UUID, version: int) -> AsyncIterator[Sequence[Placed]]:
        """All samples of the version in the order of names, in batches."""
        statement = (
            select(*PLACED)
            .where(SampleRow.dataset_id == dataset_id, in_version(version))
            .order_by(SampleRow.name, SampleRow.id)
        )
        async for batch in self._batches(statement):
            yield [Placed(*row) for row in batch]

    async def _batches(
        self, statement: Select[*tuple[Any, ...]]
    ) -> AsyncIterator[Sequence[Row[*tuple[Any, ...]]]]:
        """As they come from the server: there may be a million."""
        found = await self._session.stream(statement, execution_options={"yield_per": BATCH})
        async for batch in found.partitions():
            yield batch
