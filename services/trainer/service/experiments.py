"""Experiments: configurations that are known to fit their task and their data."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.contracts.base import Gone, Page, PageQuery, now
from libs.common.contracts.experiments import CreateExperiment, Experiment
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.paging import after, page_of
from libs.tasks.manifest import DataFacts
from libs.tasks.registry import task
from services.trainer.errors import DataOfAnotherProject, ExperimentIsInUse, ExperimentNotFound
from services.trainer.models import ExperimentRow, RunRow
from services.trainer.repository import Repository
from services.trainer.service.life import Life


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
        row = ExperimentRow(
            id=new_id(),
            project_id=wanted.project_id,
            name=wanted.name,
            task=wanted.task,
            config=config.model_dump(mode="json"),
            data=wanted.data.model_dump(mode="json"),
        )
        await self._repository.experiments.add(row)
        return await self.get(row.id)

    async def get(self, experiment_id: UUID) -> Experiment:
        found = await self._repository.experiments.view(experiment_id)
        if found is None:
            raise ExperimentNotFound(f"experiment {experiment_id} does not exist")
        return found

    async def list_experiments(self, project_id: UUID, query: PageQuery) -> Page[Experiment]:
        found = await self._repository.experiments.page(project_id, after(query, UUID), query.limit + 1)
        return page_of(found, query, lambda each: each, lambda each: each.id)

    async def rename(self, experiment_id: UUID, name: str) -> Experiment:
        """Runs keep the name under which they were started."""
        row = await self._locked(experiment_id)
        row.name, row.updated_at = name, now()
        return await self.get(experiment_id)

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

    async def _locked(self, experiment_id: UUID) -> ExperimentRow:
        row = await self._repository.experiments.lock(experiment_id)
        if row is None:
            raise ExperimentNotFound(f"experiment {experiment_id} does not exist")
        return row
