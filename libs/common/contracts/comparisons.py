"""Comparisons: runs side by side, by what they differ in and what they reached."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from libs.common.contracts.base import Request, View
from libs.common.contracts.measurements import MetricKey
from libs.common.contracts.runs import RunState

MIN_COMPARED, MAX_COMPARED = 2, 20
# Which run stands for an experiment; `best` is by the task's primary metric, else the latest.
Chosen = Literal["best", "latest"]


class Side(View):
    """One run of a comparison, in the order in which it was asked for."""

    run_id: UUID
    name: str
    experiment_id: UUID
    experiment_name: str
    project_id: UUID
    task: str
    state: RunState
    progress: float | None = None
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    duration_seconds: float | None = None


class Setting(View):
    """What one run has at a place: null is a value, and missing is none."""

    is_missing: bool = False
    value: Any = None


class Difference(View):
    """A place that is not the same in all runs (`optimiser.lr`), and what each has there."""

    path: str
    settings: tuple[Setting, ...]


class Reached(View):
    """What one run reached of a metric; NaN and infinities are kept, as strings."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    last: float
    best: float
    best_step: int
    last_step: int


class MetricRow(View):
    """A metric of any name; a run that has not measured it has None.

    `direction` is None where no value is better than another (a learning rate) or tasks disagree. The best
    are named by their places, all of them where several are equal.
    """

    key: str
    direction: Literal["max", "min"] | None
    is_primary: bool = False
    reached: tuple[Reached | None, ...]
    best_last: tuple[int, ...] = ()
    best_best: tuple[int, ...] = ()


class Curve(View):
    """A metric of one run, thinned out where it is long; `seconds` count from the start of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    run_id: UUID
    key: str
    steps: tuple[int, ...]
    epochs: tuple[int | None, ...]
    seconds: tuple[float, ...]
    values: tuple[float, ...]


class Comparison(View):
    """Only what differs is told of config, data and environment; `num_same` settings are alike in all runs.

    `config`, `data`, `environment` and the metrics follow the order of `sides`; curves are those asked for.
    """

    sides: tuple[Side, ...]
    config: tuple[Difference, ...]
    data: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    num_same: int
    metrics: tuple[MetricRow, ...]
    curves: tuple[Curve, ...]


class CompareRuns(Request[Comparison], subject="svc.trainer.run.compare"):
    """Of an experiment one run stands for it. `keys` are the metrics whose curves are wanted."""

    runs: tuple[UUID, ...] = ()
    experiments: tuple[UUID, ...] = ()
    chosen: Chosen = "best"
    keys: Annotated[tuple[MetricKey, ...], Field(max_length=20)] = ()
    max_points: Annotated[int, Field(ge=10, le=2000)] = 500

    @model_validator(mode="after")
    def _are_several(self) -> "CompareRuns":
        if not MIN_COMPARED <= len({*self.runs, *self.experiments}) <= MAX_COMPARED:
            raise ValueError(f"choose {MIN_COMPARED} to {MAX_COMPARED} different runs or experiments")
        return self
