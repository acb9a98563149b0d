"""Runs side by side: what they differ in, what they reached, and their curves, in one answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Literal
from uuid import UUID

from libs.common.contracts.comparisons import MIN_COMPARED, CompareRuns, Comparison, Curve, MetricRow, Side
from libs.common.contracts.experiments import ExperimentSummary
from libs.common.contracts.measurements import MetricSummary
from libs.common.contracts.runs import RunState
from libs.common.errors import Problem
from services.trainer.comparing import Direction, differences, metric_row
from services.trainer.errors import ExperimentHasNoRun, ExperimentNotFound, RunNotFound, TooFewToCompare
from services.trainer.models import RunRow
from services.trainer.repository import Repository
from services.trainer.repository.series import StoredSeries
from services.trainer.service.archive import Archive
from services.trainer.service.best import direction_of, primary_of, summaries

# What an answer over the bus can carry, whatever the number of curves.
MAX_POINTS_IN_ALL = 40_000
MIN_POINTS = 10
BEFORE_ALL = -1
MOST_CLASSES = 100

Measured = Mapping[UUID, Mapping[str, MetricSummary]]


class Comparisons:
    def __init__(self, repository: Repository, archive: Archive) -> None:
        self._repository = repository
        self._archive = archive

    async def compare(self, wanted: CompareRuns) -> Comparison:
        """In the order asked for, runs before experiments; a run that is named twice is there once."""
        runs = await self._runs([*wanted.runs, *await self._representatives(wanted)])
        if len(runs) < MIN_COMPARED:
            raise TooFewToCompare("these are one and the same run; choose another one beside it")
        experiments = await self._repository.experiments.some([run.experiment_id for run in runs])
        found = await summaries(self._repository, runs)
        measured = {run.id: {each.key: each for each in found[run.id]} for run in runs}
        config, num_same = differences([{"task": run.task, **run.config} for run in runs])
        data, num_same_data = differences([_data(run) for run in runs])
        environment, num_same_environment = differences(
            [_environment(run) for run in runs], is_empty_unknown=True
        )
        return Comparison(
            sides=tuple(_side(run, experiments[run.experiment_id]) for run in runs),
            config=config,
            data=data,
            environment=environment,
            num_same=num_same + num_same_data + num_same_environment,
            metrics=_metrics(runs, measured),
            curves=await self._curves(runs, wanted),
        )

    async def _representatives(self, wanted: CompareRuns) -> list[UUID]:
        """The run that stands for each experiment."""
        if not wanted.experiments:
            return []
        found = await self._repository.experiments.some(wanted.experiments)
        unknown = _unknown(wanted.experiments, found, "experiments", "experiment")
        if unknown:
            raise ExperimentNotFound(unknown[0].message, errors=unknown)
        chosen = [_stands_for(found[each], wanted.chosen) for each in wanted.experiments]
        empty = [
            Problem(field=f"experiments.{number}", message=f"{found[each].name} has no run yet")
            for number, each in enumerate(wanted.experiments)
            if chosen[number] is None
        ]
        if empty:
            raise ExperimentHasNoRun(empty[0].message, errors=empty)
        return [each for each in chosen if each is not None]

    async def _runs(self, run_ids: Sequence[UUID]) -> list[RunRow]:
        found = {row.id: row for row in await self._repository.runs.some(run_ids)}
        unknown = _unknown(run_ids, found, "runs", "run")
        if unknown:
            raise RunNotFound(unknown[0].message, errors=unknown)
        return [found[run_id] for run_id in dict.fromkeys(run_ids)]

    async def _curves(self, runs: Sequence[RunRow], wanted: CompareRuns) -> tuple[Curve, ...]:
        if not wanted.keys:
            return ()
        by_id = {run.id: run for run in runs}
        places = {run_id: place for place, run_id in enumerate(by_id)}
        rows = await self._repository.series.of_runs(list(by_id))
        rows = [row for row in rows if row.key in wanted.keys]
        rows.sort(key=lambda row: (wanted.keys.index(row.key), places[row.run_id]))
        limit = max(MIN_POINTS, min(wanted.max_points, MAX_POINTS_IN_ALL // max(1, len(rows))))
        found = await self._archive.read(rows, BEFORE_ALL, limit)
        return tuple(_curve(row, points, by_id[row.run_id]) for row, points in zip(rows, found, strict=True))


def _stands_for(experiment: ExperimentSummary, chosen: Literal["best", "latest"]) -> UUID | None:
    if chosen == "best" and experiment.best is not None:
        return experiment.best.run_id
    return experiment.last_run_id


def _unknown(ids: Sequence[UUID], known: Mapping[UUID, Any], field: str, what: str) -> list[Problem]:
    return [
        Problem(field=f"{field}.{number}", message=f"{what} {each} does not exist")
        for number, each in enumerate(ids)
        if each not in known
    ]


def _side(run: RunRow, experiment: ExperimentSummary) -> Side:
    view = run.view()
    return Side(
        run_id=run.id,
        name=run.name,
        experiment_id=experiment.id,
        experiment_name=experiment.name,
        project_id=run.project_id,
        task=run.task,
        state=RunState(run.state),
        progress=view.progress.fraction if view.progress else None,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        duration_seconds=run.duration_seconds,
    )


def _metrics(runs: Sequence[RunRow], measured: Measured) -> tuple[MetricRow, ...]:
    """The primary ones first, then by name."""
    primaries = {primary.key for primary in map(primary_of, runs) if primary is not None}
    keys = sorted({*chain.from_iterable(measured.values())}, key=lambda key: (key not in primaries, key))
    rows = []
    for key in keys:
        # A metric is judged only by tasks whose runs have it, and only where they agree.
        directions: set[Direction] = {direction_of(run.task, key) for run in runs if key in measured[run.id]}
        direction: Direction = directions.pop() if len(directions) == 1 else None
        reached = [measured[run.id].get(key) for run in runs]
        rows.append(metric_row(key, reached, direction, is_primary=key in primaries))
    return tuple(rows)


def _data(run: RunRow) -> dict[str, Any]:
    data = run.reference
    return {
        "datasets": [
            {"name": part.dataset_name, "version": part.version, "split": str(part.split_id)}
            for part in data.parts
        ],
        "subsets": data.subset_counts,
        "num_classes": len(data.classes),
        "classes": list(data.classes[:MOST_CLASSES]),
        "left_out": data.num_left_out,
    }


def _environment(run: RunRow) -> dict[str, Any]:
    """Nothing of a run that has not begun."""
    told = run.carried_out_with
    return {"device": run.device, **told.model_dump(mode="json")} if told else {}


def _curve(row: StoredSeries, points: Sequence[Any], run: RunRow) -> Curve:
    start = run.started_at or run.created_at
    return Curve(
        run_id=row.run_id,
        key=row.key,
        steps=tuple(point.step for point in points),
        epochs=tuple(point.epoch for point in points),
        seconds=tuple(_seconds(point.at, start) for point in points),
        values=tuple(point.value for point in points),
    )


def _seconds(at: datetime, start: datetime) -> float:
    """A worker's clock may be behind."""
    return round(max(0.0, (at - start).total_seconds()), 3)
