"""What runs measure and say: series of points, and lines of their logs."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from libs.common.contracts.base import Page, PageQuery, Request, View
from libs.common.contracts.telemetry import Level, LogLine, MetricPoint

MetricKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class MetricSummary(View):
    # Of a diverged run the last value may be no number; like a point's it is kept.
    model_config = ConfigDict(ser_json_inf_nan="strings")

    key: str
    last: float
    best: float
    best_step: int
    last_step: int


class MetricSeries(View):
    key: str
    points: tuple[MetricPoint, ...]


class ReadMetrics(Request[tuple[MetricSeries, ...]], subject="svc.trainer.metric.read"):
    run_id: UUID
    keys: tuple[MetricKey, ...] = ()
    since_step: int | None = None
    max_points: Annotated[int, Field(ge=10, le=10_000)] = 1000


class LogPage(Page[LogLine]):
    """`seen` is the cursor for lines that are said later; None before the first line."""

    seen: str | None = None


class ReadLogs(Request[LogPage], subject="svc.trainer.log.read"):
    """Oldest first; with `tail` the last lines only. `level` leaves out what is less serious."""

    run_id: UUID
    level: Level = "debug"
    tail: Annotated[int, Field(ge=1, le=200)] | None = None
    query: PageQuery = PageQuery(limit=200)
