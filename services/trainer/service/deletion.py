"""The deletion of one run, with all that only it has left."""

from uuid import UUID

from libs.common.contracts.base import Gone, now
from services.trainer.errors import RunGoesOn, RunIsInUse, RunNotFound
from services.trainer.models import ExperimentRow, RunRow
from services.trainer.repository import Repository
from services.trainer.service.best import judge_again
from services.trainer.service.life import Life


class Deletion:
    def __init__(self, repository: Repository, life: Life) -> None:
        self._repository = repository
        self._life = life

    async def delete(self, run_id: UUID) -> Gone:
        """What was made of it (evaluations, exports, models) has its own bytes and stays."""
        experiment, run = await self._locked(run_id)
        if not run.is_final:
            raise RunGoesOn(f"run {run.name} is {run.state}: cancel it first, or wait for its end")
        if users := await self._repository.runs.users_of(run_id):
            raise RunIsInUse(f"its model is still read: {', '.join(users)}")
        await self._repository.series.delete_of_runs([run_id])
        await self._repository.runs.delete(run_id)
        await self._life.sweep([run_id])
        await judge_again(self._repository, run)
        if experiment.last_run_id == run_id:
            experiment.last_run_id = await self._repository.runs.last_of_experiment(experiment.id)
        experiment.updated_at = now()
        return Gone(id=str(run_id))

    async def _locked(self, run_id: UUID) -> tuple[ExperimentRow, RunRow]:
        """The experiment first, as whoever resumes a run does."""
        found = await self._repository.runs.get(run_id)
        experiment = await self._repository.experiments.lock(found.experiment_id) if found else None
        run = await self._repository.runs.lock(run_id) if experiment else None
        if experiment is None or run is None:
            raise RunNotFound(f"run {run_id} does not exist")
        return experiment, run
