"""The life of a run: every transition is stored with its reason, and announced where others need to know."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.common.contracts.attempts import TrainingOutcome, TrainRun
from libs.common.contracts.base import now
from libs.common.contracts.jobs import Desired, JobState
from libs.common.contracts.run_facts import (
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunLost,
    RunProgressed,
    RunQueued,
    RunResumed,
    RunStarted,
    RunStopping,
)
from libs.common.contracts.runs import RunState
from libs.common.db.outbox import Outbox
from libs.common.jobs.model import JobRow
from services.trainer.errors import RunHasNoModel
from services.trainer.log_files import LEVELS
from services.trainer.models import CheckpointRow, RunRow
from services.trainer.repository import Repository

# The model of a run is the one that was best; `last` where nothing says what best is.
ANNOUNCED = ("best", "last")
NUM_LAST_LINES = 40


class Life:
    def __init__(self, repository: Repository, outbox: Outbox, sweep_grace: timedelta) -> None:
        self._repository = repository
        self._outbox = outbox
        self._sweep_grace = sweep_grace

    async def begin(self, run: RunRow, reason: str) -> None:
        run.error_code = run.error_detail = run.finished_at = None
        await self._queue(run, reason)

    async def prepare(self, run: RunRow, reason: str, *, after_epoch: int) -> None:
        """`after_epoch` counts from 1; 0 begins at the beginning."""
        await self._move(run, RunState.PREPARING, reason)
        await self._outbox.add(RunStarted(**_about(run), attempt=run.attempt))
        if after_epoch:
            await self._resume(run, after_epoch)

    async def train(self, run: RunRow) -> None:
        """A first point or a first checkpoint shows it, whichever comes first."""
        if run.state == RunState.PREPARING:
            await self._move(run, RunState.RUNNING, "trains")
            await self._outbox.add(RunProgressed(**_about(run), attempt=run.attempt))

    async def come_back(self, run: RunRow, reason: str) -> None:
        await self._move(run, RunState.RUNNING, reason)
        await self._resume(run, 0)

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

    async def follow(self, job: JobRow, reason: str = "", *, is_used_up: bool = False) -> None:
        """What became of its job becomes of the run, in the same transaction.

        `reason` is why it waits; a failure `is_used_up` if it would have been tried again once more.
        """
        run = await self.run_of(job)
        if run is None or run.is_final:
            return
        match JobState(job.state):
            case JobState.QUEUED:
                await self._queue(run, reason)
            case JobState.RUNNING if job.desired != Desired.RUN:
                await self._stop(run, Desired(job.desired))
            case JobState.FAILED:
                await self._fail(run, job, is_used_up=is_used_up)
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
        await self.follow(job, "waits for another worker", is_used_up=True)

    async def run_of(self, job: JobRow) -> RunRow | None:
        """The run, locked; None for other kinds of jobs, deleted runs, and jobs that a resume replaced."""
        if job.kind != TrainRun.kind:
            return None
        run = await self._repository.runs.lock(UUID(job.spec["run_id"]))
        return run if run is not None and run.job_id == job.id else None

    async def sweep(self, run_ids: Iterable[UUID]) -> None:
        """Bytes that no checkpoint names any more go after a while."""
        await self._repository.sweeps.ask(run_ids, now() + self._sweep_grace)

    async def _queue(self, run: RunRow, reason: str) -> None:
        if await self._move(run, RunState.QUEUED, reason):
            await self._outbox.add(RunQueued(**_about(run), reason=reason))

    async def _resume(self, run: RunRow, epoch: int) -> None:
        await self._outbox.add(RunResumed(**_about(run), attempt=run.attempt, epoch=epoch))

    async def _stop(self, run: RunRow, desired: Desired) -> None:
        if await self._move(run, RunState.STOPPING, f"{desired} requested"):
            await self._outbox.add(RunStopping.model_validate({**_about(run), "desired": desired.value}))

    async def _fail(self, run: RunRow, job: JobRow, *, is_used_up: bool) -> None:
        """The worker tells in the first line what happened, in the others what was said last."""
        words, *last_lines = (job.error_detail or "").splitlines() or [""]
        if is_used_up:
            words = f"{words}; attempt {job.attempt} of {job.max_attempts} was the last"
        code = job.error_code or "failed"
        run.error_code, run.error_detail = code, words
        said_last = tuple(last_lines) or await self._said_last(run)
        await self._end(run, RunState.FAILED, words)
        failed = RunFailed(
            **_about(run),
            code=code,
            detail=words,
            last_log_lines=said_last,
            duration_seconds=run.duration_seconds,
        )
        await self._outbox.add(failed)

    async def _said_last(self, run: RunRow) -> tuple[str, ...]:
        """Of a worker that cannot tell any more, what has arrived."""
        newest = await self._repository.logs.last(run.id, LEVELS, NUM_LAST_LINES)
        return tuple(row.text for row in reversed(newest))

    async def _end(self, run: RunRow, state: RunState, reason: str) -> None:
        run.finished_at = now()
        await self._move(run, state, reason)
        await self.sweep([run.id])

    async def _move(self, run: RunRow, state: RunState, reason: str) -> bool:
        """False when it is there already, for the same reason."""
        if (run.state, run.reason) == (state, reason):
            return False
        await self._repository.runs.record(run, state, reason)
        return True

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
