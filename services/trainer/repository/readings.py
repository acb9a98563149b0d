"""How the parts of nodes were: one row for each ten seconds, later one for each five minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.trainer.models import ReadingRow

# As they stand in the statements below.
FINE_SECONDS = 10
COARSE_SECONDS = 300

# A mean says most of use and power; of memory and heat the peak is what hurts.
FIGURES = """
    avg(use) AS use, max(memory) AS memory, max(temperature_celsius) AS temperature_celsius,
    avg(power_watts) AS power_watts
"""

# Where what is summed up ends: of all nodes at once.
SUMMED = """
    coalesce((SELECT max(at) + interval '300 seconds' FROM trainer.readings WHERE seconds = 300), '-infinity')
"""

# What is not summed up yet belongs to a long period, too.
READ = text(f"""
    SELECT part, date_bin(:width, at, :since) AS began, {FIGURES}
    FROM (
        SELECT * FROM trainer.readings
        WHERE node = :node AND seconds = :seconds AND at >= :since AND at < :until
        UNION ALL
        SELECT * FROM trainer.readings
        WHERE :seconds > 10 AND node = :node AND seconds = 10
            AND at >= greatest(:since, {SUMMED}) AND at < :until
    ) AS found
    GROUP BY part, began ORDER BY part, began
""")  # noqa: S608 (our own words)

# Only stretches that are over; those summed up already stay as they are.
SUM_UP = text(f"""
    INSERT INTO trainer.readings (node, seconds, part, at, use, memory, temperature_celsius, power_watts)
    SELECT node, 300, part, date_bin('300 seconds', at, 'epoch') AS began, {FIGURES}
    FROM trainer.readings
    WHERE seconds = 10 AND at < date_bin('300 seconds', :now, 'epoch') AND at >= {SUMMED}
    GROUP BY node, part, began
    ON CONFLICT DO NOTHING
""")  # noqa: S608 (our own words)


@dataclass(frozen=True)
class Figures:
    """Of one part at one time; shares of the whole, degrees, watts."""

    use: float | None = None
    memory: float | None = None
    temperature_celsius: float | None = None
    power_watts: float | None = None


class Readings:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, node: str, at: datetime, parts: Mapping[str, Figures]) -> None:
        """`at` is the beginning of the ten seconds; what is known of them already stays."""
        rows = [
            {"node": node, "seconds": FINE_SECONDS, "part": part, "at": at, **asdict(figures)}
            for part, figures in parts.items()
        ]
        await self._session.execute(insert(ReadingRow).values(rows).on_conflict_do_nothing())

    async def read(
        self, node: str, seconds: int, since: datetime, until: datetime, width_seconds: int
    ) -> Sequence[Row]:
        """Rows of `seconds` each, put together to stretches of a whole number of them, by part and time."""
        given = {
            "node": node,
            "seconds": seconds,
            "since": since,
            "until": until,
            "width": timedelta(seconds=width_seconds),
        }
        return (await self._session.execute(READ, given)).all()

    async def sum_up(self, now: datetime) -> None:
        await self._session.execute(SUM_UP, {"now": now})

    async def forget(self, seconds: int, before: datetime) -> None:
        statement = delete(ReadingRow).where(ReadingRow.seconds == seconds, ReadingRow.at < before)
        await self._session.execute(statement)

    async def forget_nodes(self, names: Sequence[str]) -> None:
        await self._session.execute(delete(ReadingRow).where(ReadingRow.node.in_(names)))
