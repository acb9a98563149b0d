"""What runs measured and said."""

from uuid import UUID

from libs.common.contracts.base import Page
from libs.common.contracts.runs import MetricSeries, ReadLogs, ReadMetrics
from libs.common.contracts.telemetry import LogLine
from libs.common.paging import after, page_of
from services.trainer.errors import RunNotFound
from services.trainer.models import LogRow, SeriesRow
from services.trainer.repository import Repository

# What an answer over the bus can carry, whatever the number of series.
MAX_POINTS_IN_ALL = 50_000
MIN_POINTS = 10
BEFORE_ALL = -1


class History:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def read_metrics(self, wanted: ReadMetrics) -> tuple[MetricSeries, ...]:
        """Of long series the extremes of each stretch, so that no peak is smoothed away."""
        await self._require_run(wanted.run_id)
        rows = [
            row
            for row in await self._repository.series.of_runs([wanted.run_id])
            if not wanted.keys or row.key in wanted.keys
        ]
        limit = max(MIN_POINTS, min(wanted.max_points, MAX_POINTS_IN_ALL // max(1, len(rows))))
        since = BEFORE_ALL if wanted.since_step is None else wanted.since_step
        return tuple([await self._series(row, since, limit) for row in rows])

    async def read_logs(self, wanted: ReadLogs) -> Page[LogLine]:
        """Oldest first; the cursor is the place of the last line seen."""
        await self._require_run(wanted.run_id)
        query = wanted.query
        seen = after(query, _place)
        rows = await self._repository.series.page_logs(wanted.run_id, seen, query.limit + 1)
        return page_of(rows, query, LogRow.view, lambda row: f"{row.attempt}.{row.seq}")

    async def _series(self, row: SeriesRow, since: int, limit: int) -> MetricSeries:
        points = await self._repository.series.read(row, since, limit)
        return MetricSeries(key=row.key, points=tuple(point.view(row.key) for point in points))

    async def _require_run(self, run_id: UUID) -> None:
        if await self._repository.runs.get(run_id) is None:
            raise RunNotFound(f"run {run_id} does not exist")


def _place(cursor: str) -> tuple[int, int]:
    attempt, seq = map(int, cursor.split("."))
    return attempt, seq
