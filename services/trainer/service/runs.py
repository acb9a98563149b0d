"""Runs as people see them: start, stop, cancel, resume, look at, and their checkpoints."""

from typing import Any, NoReturn
from uuid import UUID

from libs.common.bus.context import current_context
from libs.common.contracts.attempts import TrainRun
from libs.common.contracts.base import Page, now
from libs.common.contracts.checkpoints import Checkpoint, StartedFrom, StartPoint
from libs.common.contracts.runs import CreateRun, ListRuns, Run, RunState, RunSummary
from libs.common.errors import Problem
from libs.common.jobs import JobQueue
from libs.common.jobs.needs import needs_of
from libs.common.paging import after, page_of
from services.trainer.errors import (
    CheckpointDoesNotFit,
    CheckpointIsNeeded,
    CheckpointNotFound,
    ExperimentNotFound,
    RunGoesOn,
    RunHasEnded,
    RunIsComplete,
    RunNotFound,
    RunOfAnotherExperiment,
)
from services.trainer.models import CheckpointRow, RunRow
from services.trainer.repository import Repository
from services.trainer.service.archive import Archive
from services.trainer.service.best import summaries
from services.trainer.service.devices import require_device
from services.trainer.service.life import Life
from services.trainer.service.new_runs import network_of, new_run

LAST = "last"


class Runs:
    def __init__(
        self, repository: Repository, queue: JobQueue, life: Life, archive: Archive, max_attempts: int
    ) -> None:
        self._repository = repository
        self._queue = queue
        self._life = life
        self._archive = archive
        self._max_attempts = max_attempts

    async def create(self, wanted: CreateRun) -> Run:
        """Checked once more: the task or the devices may have changed since the experiment was made."""
        experiment = await self._repository.experiments.lock(wanted.experiment_id)
        if experiment is None:
            raise ExperimentNotFound(f"experiment {wanted.experiment_id} does not exist")
        original = await self._original(wanted)
        experiment.num_runs += 1
        run = new_run(experiment, wanted, original)
        if wanted.from_checkpoint is not None:
            run.starts_from = await self._start(run, wanted.from_checkpoint)
        workers = self._repository.workers
        await require_device(workers, run.wanted_device, TrainRun.kind, run.num_devices)
        run.job_id = await self._enqueue(run, experiment.name)
        await self._repository.runs.add(run)
        experiment.last_run_id, experiment.updated_at = run.id, run.created_at
        await self._life.begin(run, "waits for a worker")
        return run.view()

    async def get(self, run_id: UUID) -> Run:
        return await self._view(await self._existing(run_id))

    async def list_runs(self, wanted: ListRuns) -> Page[Run]:
        query = wanted.query
        rows = await self._repository.runs.page(wanted, after(query, UUID), query.limit + 1)
        found = await summaries(self._repository, rows)
        return page_of(rows, query, lambda row: row.view(found[row.id]), lambda row: row.id)

    async def stop(self, run_id: UUID) -> Run:
        """What it has learned so far is kept; a run that still waits has nothing and is cancelled."""
        run = await self._existing(run_id)
        if run.is_final:
            raise RunHasEnded(f"run {run.name} is already {run.state}")
        await self._life.follow(await self._queue.stop(run.job_id))
        return await self._view(run)

    async def cancel(self, run_id: UUID) -> Run:
        run = await self._existing(run_id)
        if run.is_final:
            raise RunHasEnded(f"run {run.name} is already {run.state}")
        await self._life.follow(await self._queue.cancel(run.job_id))
        return await self._view(run)

    async def resume(self, run_id: UUID) -> Run:
        """A new job for the same run; without a checkpoint it starts from the beginning."""
        # The experiment first: its deletion waits for this, or this finds it gone.
        experiment = await self._repository.experiments.lock((await self._existing(run_id)).experiment_id)
        run = await self._repository.runs.lock(run_id)
        if experiment is None or run is None:
            raise RunNotFound(f"run {run_id} does not exist")
        if not run.is_final:
            raise RunGoesOn(f"run {run.name} is {run.state}")
        if run.state == RunState.COMPLETED and not run.is_stopped:
            raise RunIsComplete(f"run {run.name} has done its {run.num_epochs} epochs")
        await self._archive.bring_back(run)
        run.job_id = await self._enqueue(run, experiment.name)
        experiment.updated_at = now()
        await self._life.begin(run, "resumed; waits for a worker")
        return await self._view(run)

    async def summary(self, run_id: UUID) -> RunSummary:
        run = await self._existing(run_id)
        return RunSummary(
            run_id=run.id,
            state=RunState(run.state),
            duration_seconds=run.duration_seconds,
            num_epochs=run.num_epochs,
            num_steps=run.num_steps,
            energy_joules=await self._repository.nodes.energy_joules(run.id),
            metrics=(await summaries(self._repository, [run]))[run.id],
            transitions=tuple(row.view() for row in await self._repository.runs.transitions(run_id)),
        )

    async def list_checkpoints(self, run_id: UUID) -> tuple[Checkpoint, ...]:
        await self._existing(run_id)
        return tuple(map(CheckpointRow.view, await self._repository.checkpoints.of_run(run_id)))

    async def delete_checkpoint(self, run_id: UUID, name: str) -> tuple[Checkpoint, ...]:
        run = await self._repository.runs.lock(run_id)
        if run is None or await self._repository.checkpoints.get(run_id, name) is None:
            raise CheckpointNotFound(f"run {run_id} has no checkpoint {name!r}")
        if name == LAST and not run.is_final:
            raise CheckpointIsNeeded("it is what the run goes on from if its worker is lost")
        await self._repository.checkpoints.delete(run_id, name)
        await self._life.sweep([run_id])
        return await self.list_checkpoints(run_id)

    async def _original(self, wanted: CreateRun) -> RunRow | None:
        """The run to repeat, which must be one of the same experiment."""
        if wanted.like is None:
            return None
        found = await self._repository.runs.get(wanted.like)
        if found is None or found.experiment_id != wanted.experiment_id:
            problem = Problem(field="like", message="not a run of this experiment")
            raise RunOfAnotherExperiment("choose a run of this experiment", errors=[problem])
        return found

    async def _start(self, run: RunRow, wanted: StartPoint) -> dict[str, Any]:
        """Its weights must be those of the same network, and its answers mean the same."""
        found = await self._repository.runs.get(wanted.run_id)
        checkpoint = await self._repository.checkpoints.get(wanted.run_id, wanted.checkpoint)
        if found is None or checkpoint is None or found.project_id != run.project_id:
            _refuse("this project has no such run or checkpoint")
        elif network_of(found) != network_of(run):
            _refuse(f"{found.name} has another task, architecture or classes")
        else:
            start = StartedFrom(**wanted.model_dump(), package=checkpoint.package)
            return start.model_dump(mode="json")

    async def _enqueue(self, run: RunRow, experiment_name: str) -> UUID:
        spec = TrainRun(
            run_id=run.id,
            experiment_id=run.experiment_id,
            experiment_name=experiment_name,
            project_id=run.project_id,
            task=run.task,
            config=run.config,
            data=run.reference,
            device=run.wanted_device,
            start_from=run.started_from.package if run.started_from else None,
        )
        return await self._queue.enqueue(
            spec,
            project_id=run.project_id,
            title=f"Train {run.name}",
            created_by=current_context().actor,
            priority=run.priority,
            max_attempts=self._max_attempts,
            needs=needs_of(run.wanted_device, run.num_devices),
            num_devices=run.num_devices,
        )

    async def _view(self, run: RunRow) -> Run:
        return run.view((await summaries(self._repository, [run]))[run.id])

    async def _existing(self, run_id: UUID) -> RunRow:
        run = await self._repository.runs.get(run_id)
        if run is None:
            raise RunNotFound(f"run {run_id} does not exist")
        return run


def _refuse(message: str) -> NoReturn:
    problem = Problem(field="from_checkpoint", message=message)
    raise CheckpointDoesNotFit(message, errors=[problem])
