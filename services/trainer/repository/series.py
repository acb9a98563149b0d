"""What runs measure: series, their points, and how far the telemetry is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import Table, delete, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import copy_records
from services.trainer.models import PlaceRow, PointRow, SeriesRow, StretchRow
from services.trainer.repository.thinning import Span, Thinning

POINT_COLUMNS = ("series_id", "step", "epoch", "value", "at")
# The place is one row.
PLACE_ID = 1

UPSERT_POINTS = text("""
    INSERT INTO trainer.points (series_id, step, epoch, value, at)
    SELECT * FROM unnest(
        CAST(:series_id AS bigint[]), CAST(:step AS bigint[]), CAST(:epoch AS integer[]),
        CAST(:value AS double precision[]), CAST(:at AS timestamptz[])
    )
    ON CONFLICT (series_id, step)
    DO UPDATE SET epoch = excluded.epoch, value = excluded.value, at = excluded.at
""")

# `least` and `greatest` pass over NULL; a NaN is the greatest number here and is left out of both.
SUMMARISE = text("""
    WITH fresh AS (
        SELECT * FROM unnest(
            CAST(:series_id AS bigint[]), CAST(:step AS bigint[]), CAST(:value AS double precision[])
        ) AS given (series_id, step, value)
    ), last AS (
        SELECT DISTINCT ON (series_id) * FROM fresh ORDER BY series_id, step DESC
    ), low AS (
        SELECT DISTINCT ON (series_id) * FROM fresh WHERE value <> 'NaN' ORDER BY series_id, value, step
    ), high AS (
        SELECT DISTINCT ON (series_id) * FROM fresh WHERE value <> 'NaN' ORDER BY series_id, value DESC, step
    )
    UPDATE trainer.series AS s SET
        last_step = greatest(s.last_step, last.step),
        last_value = CASE WHEN s.last_step > last.step THEN s.last_value ELSE last.value END,
        min_step = CASE WHEN s.min_value <= low.value OR low.value IS NULL THEN s.min_step
            ELSE low.step END,
        min_value = least(s.min_value, low.value),
        max_step = CASE WHEN s.max_value >= high.value OR high.value IS NULL THEN s.max_step
            ELSE high.step END,
        max_value = greatest(s.max_value, high.value)
    FROM last LEFT JOIN low USING (series_id) LEFT JOIN high USING (series_id)
    WHERE s.id = last.series_id
""")

SPAN = text("""
    SELECT min(step) AS first, max(step) AS last,
        (SELECT count(*) FROM (
            SELECT FROM trainer.points WHERE series_id = :series_id AND step > :since LIMIT :limit
        ) AS counted) AS num_points
    FROM trainer.points WHERE series_id = :series_id AND step > :since
""")


@dataclass(frozen=True)
class Measured:
    """One point on its way into the table."""

    series_id: int
    step: int
    epoch: int | None
    value: float
    at: datetime


class StoredSeries(NamedTuple):
    """What a list shows of a series that has points; lists read hundreds, and rows of the ORM cost more."""

    id: int
    run_id: UUID
    key: str
    last_step: int
    last_value: float
    min_step: int | None
    min_value: float | None
    max_step: int | None
    max_value: float | None


STORED_COLUMNS = tuple(getattr(SeriesRow, name) for name in StoredSeries._fields)


class Series:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._thinning = Thinning(session)

    async def of_runs(self, run_ids: Sequence[UUID]) -> list[StoredSeries]:
        """Those that have points."""
        statement = (
            select(*STORED_COLUMNS)
            .where(SeriesRow.run_id.in_(run_ids), SeriesRow.last_step.is_not(None))
            .order_by(SeriesRow.key)
        )
        return [StoredSeries._make(row) for row in await self._session.execute(statement)]

    async def ids(self, wanted: set[tuple[UUID, str]]) -> dict[tuple[UUID, str], int]:
        """Of these runs and keys; made where they are new."""
        found = await self._known_ids(wanted)
        missing = sorted(wanted - found.keys())
        if missing:
            rows = [{"run_id": run_id, "key": key} for run_id, key in missing]
            await self._session.execute(insert(SeriesRow).values(rows).on_conflict_do_nothing())
            found |= await self._known_ids(set(missing))
        return found

    async def store(self, points: Sequence[Measured]) -> None:
        """One point per series and step, the last one given; by COPY unless some are known already."""
        latest = list({(point.series_id, point.step): point for point in points}.values())
        try:
            async with self._session.begin_nested():
                records = [[getattr(point, name) for name in POINT_COLUMNS] for point in latest]
                await copy_records(self._session, _table(PointRow), POINT_COLUMNS, records)
        except asyncpg.UniqueViolationError:
            await self._session.execute(UPSERT_POINTS, _columns(latest, POINT_COLUMNS))
        values = _columns(latest, ("series_id", "step", "value"))
        await self._session.execute(SUMMARISE, values)
        await self._thinning.keep(values)

    async def truncate(self, run_id: UUID, after_step: int) -> None:
        """Forgets what was measured beyond a step, and tells the summaries so."""
        beyond = select(SeriesRow.id).where(SeriesRow.run_id == run_id, SeriesRow.last_step > after_step)
        ids = (await self._session.scalars(beyond)).all()
        if not ids:
            return
        of_them = PointRow.series_id.in_(ids)
        await self._session.execute(delete(PointRow).where(of_them, PointRow.step > after_step))
        await self._thinning.keep_until(ids, after_step)

    async def read(self, row: StoredSeries, since: int, max_points: int) -> Sequence[PointRow]:
        """In order of step; of more than `max_points` the extremes of so many stretches, and the last."""
        given = {"series_id": row.id, "since": since, "limit": max_points + 1}
        span = (await self._session.execute(SPAN, given)).one()
        if span.num_points <= max_points:
            statement = select(PointRow).where(PointRow.series_id == row.id, PointRow.step > since)
            return (await self._session.scalars(statement.order_by(PointRow.step))).all()
        return await self._thinning.read(Span(row.id, since, span.first, span.last), max_points)

    async def coarse_steps(self, span: Span, max_points: int) -> Sequence[int]:
        return await self._thinning.coarse_steps(span, max_points)

    async def piece(self, series_id: int, after_step: int, limit: int) -> Sequence[PointRow]:
        """The next points of a series as they are."""
        statement = select(PointRow).where(PointRow.series_id == series_id, PointRow.step > after_step)
        return (await self._session.scalars(statement.order_by(PointRow.step).limit(limit))).all()

    async def bring_back(self, series_id: int, points: Iterable[Any]) -> None:
        """Into the table, where they were; those that are there already stay."""
        there = set(await self._session.scalars(select(PointRow.step).where(PointRow.series_id == series_id)))
        records = [
            (series_id, point.step, point.epoch, point.value, point.at)
            for point in points
            if point.step not in there
        ]
        await copy_records(self._session, _table(PointRow), POINT_COLUMNS, records)

    async def delete_points(self, run_id: UUID) -> None:
        """Summaries and extremes stay: lists and thinned curves are read from them."""
        series = select(SeriesRow.id).where(SeriesRow.run_id == run_id)
        await self._session.execute(delete(PointRow).where(PointRow.series_id.in_(series)))

    async def delete_of_runs(self, run_ids: Sequence[UUID]) -> None:
        series = select(SeriesRow.id).where(SeriesRow.run_id.in_(run_ids))
        for rows in (PointRow, StretchRow):
            await self._session.execute(delete(rows).where(rows.series_id.in_(series)))

    async def place(self) -> PlaceRow:
        """How far the telemetry is stored; at the very beginning there is no epoch yet."""
        start = insert(PlaceRow).values(id=PLACE_ID, epoch="", sequence=0).on_conflict_do_nothing()
        await self._session.execute(start)
        statement = select(PlaceRow).execution_options(populate_existing=True)
        return (await self._session.scalars(statement)).one()

    async def advance(self, expected: tuple[str, int], to: tuple[str, int]) -> bool:
        """False when another process has stored something meanwhile."""
        place = tuple_(PlaceRow.epoch, PlaceRow.sequence)
        statement = update(PlaceRow).where(place == tuple_(*expected)).values(epoch=to[0], sequence=to[1])
        return (await self._session.scalar(statement.returning(PlaceRow.id))) is not None

    async def _known_ids(self, wanted: set[tuple[UUID, str]]) -> dict[tuple[UUID, str], int]:
        statement = select(SeriesRow.run_id, SeriesRow.key, SeriesRow.id).where(
            tuple_(SeriesRow.run_id, SeriesRow.key).in_(wanted)
        )
        return {(run_id, key): series_id for run_id, key, series_id in await self._session.execute(statement)}


def _table(model: type[PointRow]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _columns(rows: Iterable[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    listed = list(rows)
    return {name: [getattr(row, name) for row in listed] for name in names}
