"""Long series made short: the extremes of every stretch of steps, kept as points arrive.

A chart of a million points then reads some thousand rows. What is no number is no extreme.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.trainer.models import PointRow, StretchRow

# A change needs a migration that fills the table anew.
STEPS = 128

# Extremes are [value, step]: arrays compare by the value first.
KEEP = text("""
    INSERT INTO trainer.stretches (series_id, number, low, high)
    SELECT series_id, step / :steps, min(ARRAY[value, step]), max(ARRAY[value, step])
    FROM unnest(
        CAST(:series_id AS bigint[]), CAST(:step AS bigint[]), CAST(:value AS double precision[])
    ) AS given (series_id, step, value)
    WHERE value <> 'NaN' GROUP BY 1, 2
    ON CONFLICT (series_id, number) DO UPDATE
    SET low = least(stretches.low, excluded.low), high = greatest(stretches.high, excluded.high)
""")

KEEP_AGAIN = text("""
    INSERT INTO trainer.stretches (series_id, number, low, high)
    SELECT series_id, step / :steps, min(ARRAY[value, step]), max(ARRAY[value, step])
    FROM trainer.points
    WHERE series_id IN :series_ids AND step >= :first AND value <> 'NaN' GROUP BY 1, 2
""").bindparams(bindparam("series_ids", expanding=True))

SUMMARISE_AGAIN = text("""
    UPDATE trainer.series AS s SET
        last_step = last.step, last_value = last.value,
        min_step = CAST(extremes.low[2] AS bigint), min_value = extremes.low[1],
        max_step = CAST(extremes.high[2] AS bigint), max_value = extremes.high[1]
    FROM trainer.series AS of_them
    LEFT JOIN LATERAL (
        SELECT step, value FROM trainer.points WHERE series_id = of_them.id ORDER BY step DESC LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT min(low) AS low, max(high) AS high FROM trainer.stretches WHERE series_id = of_them.id
    ) AS extremes ON true
    WHERE of_them.id IN :series_ids AND s.id = of_them.id
""").bindparams(bindparam("series_ids", expanding=True))

COARSE_STEPS = """
    SELECT CAST(unnest(ARRAY[(min(low))[2], (max(high))[2]]) AS bigint) AS step
    FROM trainer.stretches WHERE series_id = :series_id AND number >= :first
    GROUP BY (number - :first) / :width
"""
EXTREMES = text(f"""
    SELECT series_id, step, epoch, value, at FROM trainer.points
    WHERE series_id = :series_id AND step > :since AND step = ANY (ARRAY(
        {COARSE_STEPS} UNION SELECT :last
    ))
    ORDER BY step
""")  # noqa: S608 — two halves of one statement

# The smallest and the largest [value, step] of each bucket, from the points themselves.
FINE_EXTREMES = text("""
    SELECT series_id, step, epoch, value, at FROM trainer.points
    WHERE series_id = :series_id AND step = ANY (ARRAY(
        SELECT CAST(unnest(ARRAY[(min(ARRAY[value, step]))[2], (max(ARRAY[value, step]))[2]]) AS bigint)
        FROM trainer.points WHERE series_id = :series_id AND step > :since AND value <> 'NaN'
        GROUP BY (step - :first) / :width
        UNION SELECT :last
    ))
    ORDER BY step
""")


@dataclass(frozen=True)
class Span:
    """Steps `first` to `last`, those of a series that come after `since`."""

    series_id: int
    since: int
    first: int
    last: int


class Thinning:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def keep(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Of new points, by `series_id`, `step` and `value`."""
        await self._session.execute(KEEP, {**columns, "steps": STEPS})

    async def keep_until(self, series_ids: Sequence[int], last_step: int) -> None:
        """What lies beyond was deleted: extremes, and what a list shows of the series, are found again."""
        number = max(0, last_step) // STEPS
        of_them = StretchRow.series_id.in_(series_ids)
        await self._session.execute(delete(StretchRow).where(of_them, StretchRow.number >= number))
        given = {"series_ids": list(series_ids)}
        await self._session.execute(KEEP_AGAIN, {**given, "first": number * STEPS, "steps": STEPS})
        await self._session.execute(SUMMARISE_AGAIN, given)

    async def read(self, span: Span, max_points: int) -> Sequence[PointRow]:
        """The extremes of at most half so many stretches, and the last point; in order of step."""
        width = fine_width(span, max_points)
        if width is not None:
            return await self._points(FINE_EXTREMES, span, width, span.first)
        return await self._points(EXTREMES, span, *_coarse(span, max_points))

    async def coarse_steps(self, span: Span, max_points: int) -> Sequence[int]:
        """Where the extremes lie, for points that are not in the table; stretches of all series are."""
        width, first = _coarse(span, max_points)
        given = {"series_id": span.series_id, "first": first, "width": width}
        return (await self._session.scalars(text(COARSE_STEPS), given)).all()

    async def _points(self, statement: Any, span: Span, width: int, first: int) -> Sequence[PointRow]:
        found = select(PointRow).from_statement(statement)
        given = {"series_id": span.series_id, "since": span.since, "last": span.last}
        return (await self._session.scalars(found, {**given, "first": first, "width": width})).all()


def fine_width(span: Span, max_points: int) -> int | None:
    """How many steps share two points; None where stretches that were kept are fine enough."""
    width = _divided_up(span.last - span.first + 1, _num_stretches(max_points))
    return width if width < STEPS else None


def _coarse(span: Span, max_points: int) -> tuple[int, int]:
    """How many stretches share two points, and the first; one more than steps would say: the span may begin
    in the middle of one."""
    first = span.first // STEPS
    return _divided_up(span.last // STEPS - first + 1, _num_stretches(max_points)), first


def _num_stretches(max_points: int) -> int:
    return max(1, (max_points - 1) // 2)


def _divided_up(number: int, by: int) -> int:
    return -(-number // by)
