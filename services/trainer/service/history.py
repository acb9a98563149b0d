"""What runs measure and say: stored as it arrives, read as it is asked for."""

import math
from collections.abc import Sequence
from uuid import UUID

from libs.common.contracts.measurements import MetricSeries, ReadMetrics
from libs.common.contracts.telemetry import TelemetryBatch
from services.trainer.errors import RunNotFound
from services.trainer.models import AttemptRow, LogRow, RunRow
from services.trainer.repository import Repository
from services.trainer.repository.series import Measured
from services.trainer.service.archive import Archive
from services.trainer.service.best import judged
from services.trainer.service.life import Life

# What an answer over the bus can carry, whatever the number of series.
MAX_POINTS_IN_ALL = 50_000
MIN_POINTS = 10
BEFORE_ALL = -1


class History:
    def __init__(self, repository: Repository, life: Life, archive: Archive) -> None:
        self._repository = repository
        self._life = life
        self._archive = archive

    async def place(self) -> tuple[str, int]:
        """How far the telemetry is stored: the stream's epoch, and the sequence in it."""
        row = await self._repository.series.place()
        return row.epoch, row.sequence

    async def store(
        self, place: tuple[str, int], to: tuple[str, int], batches: Sequence[TelemetryBatch]
    ) -> bool:
        """All of it and the new place together; False, and nothing, when the place is not `place` any more.

        Batches of deleted runs count for nothing.
        """
        if not await self._repository.series.advance(place, to):
            return False
        runs = {row.id: row for row in await self._repository.runs.lock_many(_run_ids(batches))}
        known = [batch for batch in batches if batch.run_id in runs]
        await self._store_points(known, await self._repository.runs.attempts(list(runs)))
        await self._repository.standings.raise_best(judged(known, runs))
        await self._repository.logs.add([row for batch in known for row in _log_rows(batch)])
        for batch in known:
            await self._tell(runs[batch.run_id], batch)
        # Their points and logs may have been put away already.
        await self._repository.archive.told_late(
            [run_id for run_id in {batch.run_id for batch in known if batch.points} if runs[run_id].is_final]
        )
        await self._life.sweep(
            {batch.run_id for batch in known if batch.logs and runs[batch.run_id].is_final}
        )
        return True

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
        found = await self._archive.read(rows, since, limit)
        return tuple(
            MetricSeries(key=row.key, points=tuple(point.view(row.key) for point in points))
            for row, points in zip(rows, found, strict=True)
        )

    async def _store_points(self, batches: Sequence[TelemetryBatch], attempts: Sequence[AttemptRow]) -> None:
        """An attempt's word counts up to where the next one went on: from there that one measured again."""
        wanted = {(batch.run_id, point.key) for batch in batches for point in batch.points}
        if not wanted:
            return
        ids = await self._repository.series.ids(wanted)
        points = [
            Measured(ids[batch.run_id, point.key], point.step, point.epoch, point.value, point.at)
            for batch in batches
            for point in batch.points
            if point.step <= _limit(batch, attempts)
        ]
        if points:
            await self._repository.series.store(points)

    async def _tell(self, run: RunRow, batch: TelemetryBatch) -> None:
        """How far the present attempt is, and that it trains. Its last word may come after its end."""
        if batch.attempt != run.attempt:
            return
        if batch.progress is not None:
            run.progress = batch.progress.model_dump(mode="json")
        if batch.points:
            await self._life.train(run)

    async def _require_run(self, run_id: UUID) -> None:
        if await self._repository.runs.get(run_id) is None:
            raise RunNotFound(f"run {run_id} does not exist")


def _run_ids(batches: Sequence[TelemetryBatch]) -> list[UUID]:
    return sorted({batch.run_id for batch in batches})


def _limit(batch: TelemetryBatch, attempts: Sequence[AttemptRow]) -> float:
    later = (
        each.resume_step for each in attempts if each.run_id == batch.run_id and each.number > batch.attempt
    )
    return min(later, default=math.inf)


def _log_rows(batch: TelemetryBatch) -> list[LogRow]:
    return [
        LogRow(
            run_id=batch.run_id,
            attempt=batch.attempt,
            seq=line.seq,
            at=line.at,
            level=line.level,
            text=line.text,
        )
        for line in batch.logs
    ]
