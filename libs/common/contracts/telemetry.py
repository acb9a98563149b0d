"""Telemetry: what a run measures and says while it works, in batches."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from libs.common.contracts.base import View

Level = Literal["debug", "info", "warning", "error"]


class MetricPoint(View):
    """One value of one series; NaN and infinities are kept, as the strings that JSON has for them."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    step: Annotated[int, Field(ge=0)]
    epoch: int | None = None
    value: float
    at: AwareDatetime


class LogLine(View):
    at: AwareDatetime
    level: Level = "info"
    text: Annotated[str, StringConstraints(max_length=16_384)]
    seq: Annotated[int, Field(ge=0)]


class Progress(View):
    """`fraction` 0..1; `eta_seconds` is None while nothing is known."""

    fraction: Annotated[float, Field(ge=0, le=1)]
    message: str = ""
    epoch: int | None = None
    num_epochs: int | None = None
    eta_seconds: float | None = None
    samples_per_second: float | None = None


class TelemetryBatch(View):
    """`id` makes it count once, however often it is sent; `attempt` says whose word it is.

    Those of workers of another version, kept in the stream, may say more than we know of.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")

    id: UUID
    run_id: UUID
    attempt: Annotated[int, Field(ge=1)]
    points: tuple[MetricPoint, ...] = ()
    logs: tuple[LogLine, ...] = ()
    progress: Progress | None = None
