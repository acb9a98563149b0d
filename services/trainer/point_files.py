"""Points of one run in a Parquet file, and read from there as the table would give them.

Rows lie in order of series and step; row groups are of one series each, so that one is read without the rest.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from libs.common.contracts.telemetry import MetricPoint

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("step", pa.int64(), nullable=False),
        pa.field("epoch", pa.int32()),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
COLUMNS = ("step", "epoch", "value", "at")
OF_A_SERIES = pa.schema([SCHEMA.field(name) for name in COLUMNS])


@dataclass(frozen=True)
class Point:
    step: int
    epoch: int | None
    value: float
    at: datetime

    def view(self, key: str) -> MetricPoint:
        return MetricPoint(key=key, step=self.step, epoch=self.epoch, value=self.value, at=self.at)


async def write_points(path: Path, pieces: AsyncIterator[tuple[str, Sequence[Any]]]) -> int:
    """Of each series in turn, in pieces in order of step; the same points give the same bytes."""
    count = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        async for key, points in pieces:
            columns = {name: [getattr(point, name) for point in points] for name in COLUMNS}
            writer.write_table(pa.table({"key": [key] * len(points), **columns}, schema=SCHEMA))
            count += len(points)
    return count


class PointFile:
    """The file as a whole in memory: it is small, being compressed."""

    def __init__(self, content: bytes) -> None:
        self._file = pq.ParquetFile(BytesIO(content))
        groups = range(self._file.metadata.num_row_groups)
        self._keys = [self._file.metadata.row_group(group).column(0).statistics.min for group in groups]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._keys))

    def series(self, key: str) -> "Points":
        groups = [group for group, of_key in enumerate(self._keys) if of_key == key]
        if not groups:
            return Points.none()
        return Points(self._file.read_row_groups(groups, columns=list(COLUMNS)))


class Points:
    """Those of one series, in order of step."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._steps = table["step"].to_numpy()
        self._values = table["value"].to_numpy()

    @classmethod
    def none(cls) -> "Points":
        return cls(OF_A_SERIES.empty_table())

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def first(self) -> int:
        return int(self._steps[0])

    @property
    def last(self) -> int:
        return int(self._steps[-1])

    def after(self, step: int) -> "Points":
        return Points(self._table.slice(int(np.searchsorted(self._steps, step, side="right"))))

    def with_late(self, late: Sequence[Point]) -> "Points":
        """What was told late counts more than what was known."""
        merged = {point.step: point for point in (*self.all(), *late)}
        points = [merged[step] for step in sorted(merged)]
        columns = {name: [getattr(point, name) for point in points] for name in COLUMNS}
        return Points(pa.table(columns, schema=OF_A_SERIES))

    def all(self) -> list[Point]:
        return [Point(**row) for row in self._table.to_pylist()]

    def at_steps(self, steps: Sequence[int]) -> list[Point]:
        return Points(self._table.filter(pa.array(np.isin(self._steps, np.asarray(steps, np.int64))))).all()

    def extremes(self, width: int) -> list[int]:
        """Steps of the smallest and the largest value of each stretch of `width` steps from the first on.

        Of equal values the smallest is the first of them, the largest the last, as in PostgreSQL's order of
        [value, step]; what is no number is neither.
        """
        known = ~np.isnan(self._values)
        steps, values = self._steps[known], self._values[known]
        if not len(steps):
            return []
        stretches = (steps - self._steps[0]) // width
        order = np.lexsort((steps, values, stretches))
        ends = np.flatnonzero(np.diff(stretches[order]))
        lows, highs = np.concatenate(([0], ends + 1)), np.concatenate((ends, [len(order) - 1]))
        return steps[order[np.concatenate((lows, highs))]].tolist()
