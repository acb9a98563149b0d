"""SQL of versions: which rows hold between two of them, and the rows that an edit ends and begins."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, insert, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from libs.common.contracts.base import now
from services.datasets.models import SampleRow, VersionRow
from services.datasets.repository.lists import write_lists

# What a row takes over from the one that it follows.
KEPT = [key for key in SampleRow.__table__.columns.keys() if key not in ("since", "until", "created_at")]  # noqa: SIM118
BATCH = 1000
# What changed, the row before, the row after.
Changed = tuple[str, SampleRow | None, SampleRow | None]


class Between:
    """Samples that are not the same in two versions; only rows that begin or end in between can differ."""

    def __init__(self, dataset_id: UUID, against: int, version: int) -> None:
        low, high = sorted((against, version))
        older = and_(SampleRow.since <= low, SampleRow.until > low, SampleRow.until <= high)
        newer = and_(
            SampleRow.since > low,
            SampleRow.since <= high,
            or_(SampleRow.until.is_(None), SampleRow.until > high),
        )
        only_before, only_after = (older, newer) if against < version else (newer, older)
        here = SampleRow.dataset_id == dataset_id
        self.before = aliased(SampleRow, select(SampleRow).where(here, only_before).subquery("before"))
        self.after = aliased(SampleRow, select(SampleRow).where(here, only_after).subquery("after"))
        self.sample_id = func.coalesce(self.before.id, self.after.id)
        self.change = case(
            (self.before.id.is_(None), "added"), (self.after.id.is_(None), "removed"), else_="changed"
        )

    def select(self, *columns: Any) -> Select[*tuple[Any, ...]]:
        """A row that was ended and came back as it was is no change."""
        before, after = self.before, self.after
        same = and_(
            before.annotations == after.annotations,
            before.fields == after.fields,
            before.subset.is_not_distinct_from(after.subset),
        )
        differs = or_(before.id.is_(None), after.id.is_(None), not_(same))
        joined = select(*columns).select_from(before).join(after, before.id == after.id, full=True)
        return joined.where(differs)


class VersionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: VersionRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def write_lists(self, dataset_id: UUID, version: int) -> None:
        """What pages of samples are read from, once the rows of a new version are written."""
        await write_lists(self._session, dataset_id, version)

    async def get(self, dataset_id: UUID, version: int) -> VersionRow | None:
        return await self._session.get(VersionRow, (dataset_id, version))

    async def page(self, dataset_id: UUID, before: int | None, limit: int) -> Sequence[VersionRow]:
        """Newest first."""
        statement = select(VersionRow).where(VersionRow.dataset_id == dataset_id)
        if before is not None:
            statement = statement.where(VersionRow.version < before)
        return (await self._session.scalars(statement.order_by(VersionRow.version.desc()).limit(limit))).all()

    async def newest_rows(self, dataset_id: UUID, sample_ids: Sequence[UUID]) -> Sequence[SampleRow]:
        """Those that the newest version has, locked."""
        statement = select(SampleRow).where(
            SampleRow.dataset_id == dataset_id, SampleRow.id.in_(sample_ids), SampleRow.until.is_(None)
        )
        return (await self._session.scalars(statement.order_by(SampleRow.id).with_for_update())).all()

    async def follow(self, row: SampleRow, version: int, **changes: Any) -> SampleRow:
        """The same sample from `version` on, with changes; the old row ends there."""
        kept = {key: getattr(row, key) for key in KEPT}
        row.until = version
        new = SampleRow(**{**kept, **changes}, since=version)
        self._session.add(new)
        await self._session.flush()
        return new

    async def end(self, rows: Sequence[SampleRow], version: int) -> None:
        for row in rows:
            row.until = version
        await self._session.flush()

    async def count_changes(self, between: Between) -> dict[str, int]:
        changes = between.select(between.change.label("change")).subquery()
        found = await self._session.execute(select(changes.c.change, func.count()).group_by(changes.c.change))
        return dict(found.tuples().all())

    async def page_changes(
        self, between: Between, change: str | None, after: UUID | None, limit: int
    ) -> Sequence[Changed]:
        """In the order of ids."""
        statement = between.select(between.change, between.before, between.after)
        if change is not None:
            statement = statement.where(between.change == change)
        if after is not None:
            statement = statement.where(between.sample_id > after)
        rows = await self._session.execute(statement.order_by(between.sample_id).limit(limit))
        return [(change, before, after) for change, before, after in rows]

    async def restore(self, dataset_id: UUID, old: int, newest: int) -> None:
        """Version `newest` + 1 gets what `old` held: rows that differ end, copies of the old ones begin."""
        between = Between(dataset_id, newest, old)
        back = [getattr(between.after, key).label(key) for key in KEPT]
        copies = await self._session.execute(between.select(*back).where(between.after.id.is_not(None)))
        begun = [{**row, "since": newest + 1, "created_at": now()} for row in copies.mappings()]
        gone = between.select(between.before.id).where(between.before.id.is_not(None))
        await self._session.execute(
            update(SampleRow)
            .where(SampleRow.dataset_id == dataset_id, SampleRow.until.is_(None), SampleRow.id.in_(gone))
            .values(until=newest + 1)
            .execution_options(synchronize_session=False)
        )
        for start in range(0, len(begun), BATCH):
            await self._session.execute(insert(SampleRow), begun[start : start + BATCH])
