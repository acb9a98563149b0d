"""The life of a run: every transition is stored with its reason, and announced where others need to know."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.common.contracts.base import now
from libs.common.contracts.jobs import Desired, JobState
from libs.common.contracts.runs import (
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunLost,
    RunStarted,
    RunState,
    TrainingOutcome,
    TrainRun,
)
from libs.common.db.outbox import Outbox
from libs.common.jobs.model import JobRow
from services.trainer.errors import RunHasNoModel
from services.trainer.models import CheckpointRow, RunRow
from services.trainer.repository import Repository

# The model of a run is the one that was best; `last` where nothing says what best is.
ANNOUNCED = ("best", "last")


class Life:
    def __init__(self, repository: Repository, outbox: Outbox, sweep_grace: timedelta) -> None:
        self._repository = repository
        self._outbox = outbox
        self._sweep_grace = sweep_grace

    async def begin(self, run: RunRow, reason: str) -> None:
        run.error_code = run.error_detail = run.finished_at = None
        await self._move(run, RunState.QUEUED, reason)

    async def prepare(self, run: RunRow, reason: str) -> None:
        await self._move(run, RunState.PREPARING, reason)
        await self._outbox.add(RunStarted(**_about(run), attempt=run.attempt))

    async def train(self, run: RunRow) -> None:
        """A first point or a first checkpoint shows it, whichever comes first."""
        if run.state == RunState.PREPARING:
            await self._move(run, RunState.RUNNING, "trains")

    async def come_back(self, run: RunRow, reason: str) -> None:
        await self._move(run, RunState.RUNNING, reason)

    async def complete(self, run: RunRow, outcome: TrainingOutcome) -> None:
        """Raises RunHasNoModel if nothing was kept."""
        model = await self._model_of(run)
        run.num_epochs, run.num_steps = outcome.num_epochs, outcome.num_steps
        run.package, run.is_stopped = model.package, outcome.stopped_early
        await self._end(run, RunState.COMPLETED, "stopped on request" if outcome.stopped_early else "trained")
        completed = RunCompleted(
            **_about(run),
            data=run.reference,
            package=model.package,
            metrics=outcome.metrics or model.metrics,
            duration_seconds=run.duration_seconds or 0.0,
            then=run.steps,
            deployment=run.deployment,
        )
        await self._outbox.add(completed)

    async def follow(self, job: JobRow, reason: str = "") -> None:
        """What became of its job becomes of the run, in the same transaction."""
        run = await self.run_of(job)
        if run is None or run.is_final:
            return
        match JobState(job.state):
            case JobState.QUEUED:
                await self._move(run, RunState.QUEUED, reason)
            case JobState.RUNNING if job.desired != Desired.RUN:
                await self._move(run, RunState.STOPPING, f"{job.desired} requested")
            case JobState.FAILED:
                await self._fail(run, job.error_code or "failed", job.error_detail or "")
            case JobState.CANCELLED:
                await self._end(run, RunState.CANCELLED, "cancelled on request")
                await self._outbox.add(RunCancelled(**_about(run)))
            case JobState.RUNNING | JobState.COMPLETED:
                pass

    async def lose(self, job: JobRow) -> None:
        """The worker was not heard of any more; whether the run is tried again, the queue has decided."""
        run = await self.run_of(job)
        if run is None or run.is_final:
            return
        await self._move(run, RunState.LOST, f"worker {job.worker} was not heard of any more")
        await self._outbox.add(RunLost(**_about(run), attempt=run.attempt))
        await self.follow(job, "waits for another worker")

    async def run_of(self, job: JobRow) -> RunRow | None:
        """The run, locked; None for other kinds of jobs, deleted runs, and jobs that a resume replaced."""
        if job.kind != TrainRun.kind:
            return None
        run = await self._repository.runs.lock(UUID(job.spec["run_id"]))
        return run if run is not None and run.job_id == job.id else None

    async def sweep(self, run_ids: Iterable[UUID]) -> None:
        """Bytes that no checkpoint names any more go after a while."""
        await self._repository.sweeps.ask(run_ids, now() + self._sweep_grace)

    async def _fail(self, run: RunRow, code: str, detail: str) -> None:
        """The worker tells in the first line what happened, in the others what was said last."""
        words, *last_lines = detail.splitlines() or [""]
        run.error_code, run.error_detail = code, words
        await self._end(run, RunState.FAILED, words)
        failed = RunFailed(**_about(run), code=code, detail=words, last_log_lines=tuple(last_lines))
        await self._outbox.add(failed)

    async def _end(self, run: RunRow, state: RunState, reason: str) -> None:
        run.finished_at = now()
        await self._move(run, state, reason)
        await self.sweep([run.id])

    async def _move(self, run: RunRow, state: RunState, reason: str) -> None:
        if (run.state, run.reason) != (state, reason):
            await self._repository.runs.record(run, state, reason)

    async def _model_of(self, run: RunRow) -> CheckpointRow:
        found = {row.name: row for row in await self._repository.checkpoints.of_run(run.id)}
        for name in ANNOUNCED:
            if name in found:
                return found[name]
        raise RunHasNoModel(f"run {run.name} kept no checkpoint")


def _about(run: RunRow) -> dict[str, Any]:
    """What every fact about a run says."""
    return {
        "run_id": run.id,
        "experiment_id": run.experiment_id,
        "project_id": run.project_id,
        "name": run.name,
        "task": run.task,
    }
