"""Experiments: configurations that are known to fit their task and their data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from libs.common.bus.context import current_context
from libs.common.contracts.base import Gone, Page, now
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.experiments import (
    CreateExperiment,
    DuplicateExperiment,
    Experiment,
    ExperimentSort,
    ExperimentSummary,
    ListExperiments,
    UpdateExperiment,
)
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.paging import after, page_of
from libs.tasks.manifest import DataFacts
from libs.tasks.registry import task
from services.trainer.errors import (
    DataOfAnotherProject,
    ExperimentIsInUse,
    ExperimentNameIsTaken,
    ExperimentNotFound,
)
from services.trainer.models import ExperimentRow, RunRow
from services.trainer.repository import Repository
from services.trainer.repository.experiments import Position
from services.trainer.service.life import Life

LONGEST_NAME = 200
COPY = " copy"
# With the space before them.
MOST_DIGITS = 6


class Experiments:
    def __init__(self, repository: Repository, queue: JobQueue, life: Life) -> None:
        self._repository = repository
        self._queue = queue
        self._life = life

    async def create(self, wanted: CreateExperiment) -> Experiment:
        """Raises with a pointer per knob that cannot work; what is stored is the whole, resolved config."""
        if wanted.data.project_id != wanted.project_id:
            problem = Problem(field="data", message="not data of this project")
            raise DataOfAnotherProject("choose data of this project", errors=[problem])
        facts = DataFacts.of(wanted.data)
        config = task(wanted.task).validate_config(wanted.preset, wanted.config, facts)
        await self._require_free_name(wanted.project_id, wanted.name)
        row = ExperimentRow(
            id=new_id(),
            project_id=wanted.project_id,
            name=wanted.name,
            note=wanted.note,
            task=wanted.task,
            config=config.model_dump(mode="json"),
            data=wanted.data.model_dump(mode="json"),
            dataset_names=[part.dataset_name for part in wanted.data.parts],
            created_by=current_context().actor,
        )
        await self._repository.experiments.add(row)
        return await self.get(row.id)

    async def duplicate(self, wanted: DuplicateExperiment) -> Experiment:
        """Checked anew: what the task allows may have changed since the first one was made."""
        row = await self._repository.experiments.get(wanted.experiment_id)
        if row is None:
            raise ExperimentNotFound(f"experiment {wanted.experiment_id} does not exist")
        return await self.create(
            CreateExperiment(
                project_id=row.project_id,
                name=wanted.name or await self._name_of_copy(row),
                note=row.note,
                task=row.task,
                data=DataReference.model_validate(row.data),
                config=_changed(row.config, wanted.config),
            )
        )

    async def get(self, experiment_id: UUID) -> Experiment:
        found = await self._repository.experiments.view(experiment_id)
        if found is None:
            raise ExperimentNotFound(f"experiment {experiment_id} does not exist")
        return found

    async def list_experiments(self, wanted: ListExperiments) -> Page[ExperimentSummary]:
        query = wanted.query
        position = after(query, lambda cursor: _position(cursor, wanted.sort))
        rows = await self._repository.experiments.page(
            wanted.filter, wanted.within, wanted.sort, position, query.limit + 1
        )
        return page_of(rows, query, lambda row: row[0], lambda row: _cursor(row[1]))

    async def update(self, wanted: UpdateExperiment) -> Experiment:
        """Runs keep the name under which they were started."""
        row = await self._locked(wanted.experiment_id)
        if wanted.name is not None and wanted.name != row.name:
            await self._require_free_name(row.project_id, wanted.name)
            row.name = wanted.name
        if wanted.note is not None:
            row.note = wanted.note
        row.updated_at = now()
        return await self.get(row.id)

    async def delete(self, experiment_id: UUID) -> Gone:
        await self._locked(experiment_id)
        if await self._repository.runs.unfinished_of_experiment(experiment_id):
            raise ExperimentIsInUse("cancel its runs first, or wait for their end")
        await self._forget(await self._repository.runs.of_experiment(experiment_id))
        await self._repository.experiments.delete(experiment_id)
        return Gone(id=str(experiment_id))

    async def forget_project(self, project_id: UUID) -> None:
        """With all runs, whatever they are doing."""
        runs = await self._repository.runs.of_project(project_id)
        for run in runs:
            if not run.is_final:
                await self._queue.cancel(run.job_id)
        await self._forget(runs)
        await self._repository.experiments.delete_project(project_id)

    async def _forget(self, runs: Sequence[RunRow]) -> None:
        run_ids = [run.id for run in runs]
        await self._repository.series.delete_of_runs(run_ids)
        await self._life.sweep(run_ids)

    async def _require_free_name(self, project_id: UUID, name: str) -> None:
        if name in await self._repository.experiments.names_like(project_id, name):
            message = f"another experiment of the project is named {name}"
            raise ExperimentNameIsTaken(message, errors=[Problem(field="name", message=message)])

    async def _name_of_copy(self, row: ExperimentRow) -> str:
        """The first that is free of `x copy`, `x copy 2`, …"""
        begin = row.name[: LONGEST_NAME - len(COPY) - MOST_DIGITS]
        taken = await self._repository.experiments.names_like(row.project_id, f"{begin}{COPY}")
        names = (f"{begin}{COPY}{f' {number}' if number > 1 else ''}" for number in count(1))
        return next(name for name in names if name not in taken)

    async def _locked(self, experiment_id: UUID) -> ExperimentRow:
        row = await self._repository.experiments.lock(experiment_id)
        if row is None:
            raise ExperimentNotFound(f"experiment {experiment_id} does not exist")
        return row


def _changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings are changed one by one."""
    changed = dict(config)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(changed.get(key), Mapping)
        changed[key] = _changed(changed[key], value) if both else value
    return changed


def _cursor(position: Position) -> str:
    """`id:value`."""
    experiment_id, value = position
    return f"{experiment_id}:{value.isoformat() if isinstance(value, datetime) else value}"


def _position(cursor: str, sort: ExperimentSort) -> Position:
    """Raises ValueError for what is none of ours."""
    experiment_id, _, value = cursor.partition(":")
    match sort.removeprefix("-"):
        case "name":
            return UUID(experiment_id), value
        case "updated":
            return UUID(experiment_id), _moment(value)
        case "best":
            return UUID(experiment_id), float(value)
        case _:
            return UUID(experiment_id), None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment
