"""What old runs have measured: put away into a file each, read from it, brought back for a resume."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.retention import ChangeHistorySettings, HistorySettings
from libs.common.storage import Storage
from services.trainer.models import PointFileRow, RunRow
from services.trainer.point_files import Point, PointFile, Points, write_points
from services.trainer.repository import Repository
from services.trainer.repository.series import StoredSeries
from services.trainer.repository.thinning import Span, fine_width
from services.trainer.service.life import Life

SECTION = "history"
BEFORE_ALL = -1
POINTS_PER_PIECE = 20_000
RUNS_AT_ONCE = 100
CHECKPOINTS_AT_ONCE = 1000
PARQUET = "application/vnd.apache.parquet"


class Archive:
    def __init__(self, repository: Repository, life: Life, storage: Storage) -> None:
        self._repository = repository
        self._life = life
        self._storage = storage
        self._opened: dict[UUID, PointFile] = {}

    async def settings(self) -> HistorySettings:
        return await self._repository.house.get(SECTION, HistorySettings())

    async def change(self, wanted: ChangeHistorySettings) -> HistorySettings:
        await self._repository.house.change(SECTION, wanted.settings, wanted.changed)
        return await self.settings()

    async def read(self, rows: Sequence[StoredSeries], since: int, max_points: int) -> list[Sequence[Any]]:
        """Each in order of step; of more than `max_points` the extremes of so many stretches, and the last.

        The table is read first: points that leave it meanwhile are then in the file.
        """
        found = [await self._repository.series.read(row, since, max_points) for row in rows]
        files = await self._repository.archive.files({row.run_id for row in rows})
        return [
            await self._read_file(files[row.run_id], row, since, max_points)
            if row.run_id in files
            else points
            for row, points in zip(rows, found, strict=True)
        ]

    async def _read_file(
        self, file: PointFileRow, row: StoredSeries, since: int, max_points: int
    ) -> Sequence[Point]:
        points = (await self._whole(file, row)).after(since)
        return (
            points.all() if len(points) <= max_points else await self._thinned(row, since, points, max_points)
        )

    async def put_away_next(self, at: datetime) -> bool:
        """False when none is due. Broken off and begun again it writes the same file."""
        days = (await self.settings()).metrics_archived_after_days
        run_id = await self._repository.archive.next_run(at - timedelta(days=days)) if days else None
        if run_id is None:
            return False
        file = await self._repository.archive.file(run_id)
        rows = await self._repository.series.of_runs([run_id])
        with TemporaryDirectory(prefix="modelyard-points-") as folder:
            path = Path(folder) / "points"
            count = await write_points(path, self._pieces(rows, file))
            key = await self._stored(run_id, path) if count else None
        await self._repository.archive.put(
            PointFileRow(run_id=run_id, key=key, num_points=count, archived_at=at)
        )
        await self._repository.series.delete_points(run_id)
        if file is not None:
            await self._life.sweep([run_id])
        return True

    async def bring_back(self, run: RunRow) -> None:
        """Its points may be measured anew from some step on: they belong into the table."""
        file = await self._repository.archive.file(run.id)
        if file is None:
            return
        if file.key is not None:
            opened = await self._open(file.run_id, file.key)
            for row in await self._repository.series.of_runs([run.id]):
                await self._repository.series.bring_back(row.id, opened.series(row.key).all())
        await self._repository.archive.forget(run.id)
        await self._life.sweep([run.id])

    async def forget_old(self, at: datetime) -> None:
        """Logs and checkpoints that are kept for a time only; their bytes are swept."""
        settings = await self.settings()
        if days := settings.logs_kept_days:
            old = at - timedelta(days=days)
            await self._life.sweep(await self._repository.archive.forget_logs(old, RUNS_AT_ONCE))
        if days := settings.epoch_checkpoints_kept_days:
            old = at - timedelta(days=days)
            gone = await self._repository.archive.forget_checkpoints(old, CHECKPOINTS_AT_ONCE)
            await self._life.sweep(gone)

    async def _whole(self, file: PointFileRow, row: StoredSeries) -> Points:
        """With what was told after the file was written."""
        points = (
            Points.none() if file.key is None else (await self._open(row.run_id, file.key)).series(row.key)
        )
        return points.with_late([late async for late in self._in_table(row)]) if file.is_behind else points

    async def _thinned(self, row: StoredSeries, since: int, points: Points, max_points: int) -> list[Point]:
        span = Span(row.id, since, points.first, points.last)
        width = fine_width(span, max_points)
        if width is not None:
            steps = points.extremes(width)
        else:
            steps = await self._repository.series.coarse_steps(span, max_points)
        return points.at_steps([*steps, points.last])

    async def _pieces(
        self, rows: Sequence[StoredSeries], file: PointFileRow | None
    ) -> AsyncIterator[tuple[str, Sequence[Any]]]:
        for row in rows:
            if file is None:
                async for piece in self._pieces_in_table(row):
                    yield row.key, piece
            elif points := (await self._whole(file, row)).all():
                yield row.key, points

    async def _pieces_in_table(self, row: StoredSeries) -> AsyncIterator[Sequence[Any]]:
        seen = BEFORE_ALL
        while piece := await self._repository.series.piece(row.id, seen, POINTS_PER_PIECE):
            yield piece
            seen = piece[-1].step

    async def _in_table(self, row: StoredSeries) -> AsyncIterator[Point]:
        async for piece in self._pieces_in_table(row):
            for point in piece:
                yield Point(point.step, point.epoch, point.value, point.at)

    async def _stored(self, run_id: UUID, path: Path) -> str:
        content = await asyncio.to_thread(path.read_bytes)
        key = artifacts.run_points(run_id, sha256(content).hexdigest())
        await self._storage.put_file(key, path, PARQUET)
        return key

    async def _open(self, run_id: UUID, key: str) -> PointFile:
        if run_id not in self._opened:
            self._opened[run_id] = PointFile(await self._storage.get_bytes(key))
        return self._opened[run_id]
