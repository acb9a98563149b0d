"""What is shown of a run's metrics: the last value of each, and the best in the task's sense."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from libs.common.contracts.measurements import MetricSummary
from libs.common.contracts.telemetry import TelemetryBatch
from libs.tasks.registry import tasks
from services.trainer.models import RunRow
from services.trainer.repository import Repository
from services.trainer.repository.series import StoredSeries
from services.trainer.repository.standings import Primary


async def summaries(repository: Repository, runs: Sequence[RunRow]) -> dict[UUID, tuple[MetricSummary, ...]]:
    tasks_of = {run.id: run.task for run in runs}
    rows = await repository.series.of_runs(list(tasks_of))
    # Many runs measure the same.
    measured = {(tasks_of[row.run_id], row.key) for row in rows}
    is_smaller = {(task, key): is_smaller_better(task, key) for task, key in measured}
    found: dict[UUID, list[MetricSummary]] = defaultdict(list)
    for row in rows:
        found[row.run_id].append(_summary(row, is_smaller[tasks_of[row.run_id], row.key]))
    return {run_id: tuple(found[run_id]) for run_id in tasks_of}


def is_smaller_better(task_id: str, key: str) -> bool:
    """`val/accuracy` is the task's `accuracy`; of what the task does not know, losses should fall."""
    name = key.rpartition("/")[2]
    manifest = tasks().get(task_id)
    known = {spec.key: spec.direction for spec in manifest.metrics} if manifest else {}
    return known.get(name, "min" if name.endswith("loss") else "max") == "min"


def direction_of(task_id: str, key: str) -> Literal["max", "min"] | None:
    """Of what training tells of itself (`train/lr`), no value is better than another; losses should fall."""
    subset, _, name = key.rpartition("/")
    manifest = tasks().get(task_id)
    is_known = manifest is not None and any(spec.key == name for spec in manifest.metrics)
    if subset in ("", "train") and not is_known and not name.endswith("loss"):
        return None
    return "min" if is_smaller_better(task_id, key) else "max"


def primary_of(run: RunRow) -> Primary | None:
    """What the run is judged by; None for a task that is not installed here."""
    manifest = tasks().get(run.task)
    if manifest is None:
        return None
    spec = manifest.primary_of(run.config)
    return Primary(f"val/{spec.key}", spec.direction == "min")


def judged(batches: Sequence[TelemetryBatch], runs: Mapping[UUID, RunRow]) -> list[tuple[UUID, Primary]]:
    """Runs that have just measured what they are judged by."""
    measured = {(batch.run_id, point.key) for batch in batches for point in batch.points}
    primaries = {run_id: primary_of(runs[run_id]) for run_id, _ in measured}
    return [
        (run_id, primary)
        for run_id, primary in primaries.items()
        if primary is not None and (run_id, primary.key) in measured
    ]


async def judge_again(repository: Repository, run: RunRow) -> None:
    """After something that its run measured was forgotten."""
    if primary := primary_of(run):
        await repository.standings.rank_again(run.experiment_id, primary)


def _summary(row: StoredSeries, is_smaller_better: bool) -> MetricSummary:
    """Of a series that is NaN throughout, the last value is as good as any."""
    best, step = (row.min_value, row.min_step) if is_smaller_better else (row.max_value, row.max_step)
    return MetricSummary(
        key=row.key,
        last=row.last_value,
        best=row.last_value if best is None else best,
        best_step=row.last_step if step is None else step,
        last_step=row.last_step,
    )
