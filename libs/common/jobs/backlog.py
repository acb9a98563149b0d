"""How much there is to do: what runs and what waits, counted by kind and by the devices that it is for."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Two halves, each along an index of its own: what has ended is by far the most, and is not looked at.
COUNT = text("""
    SELECT kind, 'queued' AS state,
        CASE WHEN EXISTS (SELECT FROM unnest(needs) AS need WHERE need LIKE 'gpu%') THEN 'gpu'
            WHEN 'cpu' = ANY (needs) THEN 'cpu' ELSE 'any' END AS pool,
        count(*) AS number,
        coalesce(extract(epoch FROM max(clock_timestamp() - greatest(created_at, not_before))
            FILTER (WHERE not_before IS NULL OR not_before <= clock_timestamp())), 0)::float AS seconds
    FROM platform.job WHERE state = 'queued' GROUP BY kind, pool
    UNION ALL
    SELECT kind, 'running',
        CASE WHEN device LIKE '%/gpu%' THEN 'gpu' WHEN device IS NOT NULL THEN 'cpu' ELSE 'any' END AS pool,
        count(*), 0
    FROM platform.job WHERE state = 'running' GROUP BY kind, pool
""")


@dataclass(frozen=True)
class Backlog:
    """`seconds` is how long the first of them waits that could start; one put off for a while does not."""

    kind: str
    state: str
    pool: str
    number: int
    seconds: float


async def backlogs(session: AsyncSession) -> list[Backlog]:
    return [Backlog(*row) for row in await session.execute(COUNT)]
