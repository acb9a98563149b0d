"""What the holder of a lease may do: begin an attempt, reach bytes, hand in checkpoints."""

from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.attempts import (
    AttemptStart,
    RecordCheckpoint,
    SignAccess,
    SignedUrl,
    StartAttempt,
    TrainRun,
)
from libs.common.contracts.checkpoints import Checkpoint
from libs.common.contracts.runs import RunEnvironment
from libs.common.errors import StaleLease
from libs.common.jobs import JobQueue
from libs.common.jobs.model import JobRow
from libs.common.storage import Storage
from services.trainer.errors import KeyIsForeign, RunNotFound
from services.trainer.models import AttemptRow, CheckpointRow, RunRow
from services.trainer.repository import Repository
from services.trainer.service.best import judge_again
from services.trainer.service.life import Life
from services.trainer.service.repeating import differences

BEFORE_FIRST_STEP = -1


class Attempts:
    """Everything here is fenced: a token whose job was given on raises StaleLease and nothing is written."""

    def __init__(self, repository: Repository, queue: JobQueue, life: Life, storage: Storage) -> None:
        self._repository = repository
        self._queue = queue
        self._life = life
        self._storage = storage

    async def start(self, wanted: StartAttempt) -> AttemptStart:
        """Asked again with the same token it answers the same."""
        job = await self._held(wanted.job_id, wanted.token)
        run = await self._run(job)
        attempt = await self._repository.runs.attempt_with(wanted.token)
        if attempt is None:
            attempt = await self._begin(run, job)
            await self._remember(run, wanted.environment)
        return AttemptStart(
            run=run.view(),
            prefix=artifacts.attempt_prefix(run.id, attempt.number),
            resume=attempt.resume,
            resume_epoch=attempt.resume_epoch,
            resume_step=max(0, attempt.resume_step),
        )

    async def sign(self, wanted: SignAccess) -> tuple[SignedUrl, ...]:
        """Reads of the run's data and of its own checkpoints, writes below the attempt's prefix."""
        job = await self._held(wanted.job_id, wanted.token)
        if wanted.access == "read":
            self._require_readable(TrainRun.model_validate(job.spec), wanted.keys)
            sign = self._storage.presign_get
        else:
            attempt = await self._attempt(wanted.token)
            _require_below(wanted.keys, artifacts.attempt_prefix(attempt.run_id, attempt.number))
            sign = self._storage.presign_put
        return tuple(SignedUrl(key=key, url=sign(key)) for key in wanted.keys)

    async def record_checkpoint(self, wanted: RecordCheckpoint) -> Checkpoint:
        """The bytes are in the store; from now on the run goes on from here."""
        job = await self._held(wanted.job_id, wanted.token)
        run, attempt = await self._run(job), await self._attempt(wanted.token)
        prefix = artifacts.attempt_prefix(run.id, attempt.number)
        # A package is a prefix itself; its card stands for all below.
        _require_below((artifacts.package_card(wanted.package),), prefix)
        if wanted.resume is not None:
            _require_below((wanted.resume,), prefix)
        run.num_epochs = max(run.num_epochs, wanted.epoch + 1)
        run.num_steps = max(run.num_steps, wanted.step)
        row = CheckpointRow(
            run_id=run.id,
            attempt=attempt.number,
            **wanted.model_dump(exclude={"job_id", "token"}),
        )
        stored = await self._repository.checkpoints.put(row)
        await self._life.train(run)
        await self._life.sweep([run.id])
        return stored.view()

    async def _begin(self, run: RunRow, job: JobRow) -> AttemptRow:
        """What was measured beyond the checkpoint is forgotten, since it is going to be measured again."""
        found = await self._repository.checkpoints.of_run(run.id)
        last = next((row for row in found if row.resume is not None), None)
        assert job.token is not None
        run.attempt += 1
        attempt = AttemptRow(
            run_id=run.id,
            number=run.attempt,
            job_id=job.id,
            token=job.token,
            resume=last.resume if last else None,
            resume_epoch=last.epoch + 1 if last else 0,
            resume_step=last.step if last else BEFORE_FIRST_STEP,
        )
        await self._repository.runs.add_attempt(attempt)
        await self._repository.series.truncate(run.id, attempt.resume_step)
        await judge_again(self._repository, run)
        run.device, run.is_stopped = job.device, False
        run.started_at = run.started_at or attempt.started_at
        await self._life.prepare(run, _reason(job, attempt), after_epoch=attempt.resume_epoch)
        return attempt

    async def _remember(self, run: RunRow, environment: RunEnvironment | None) -> None:
        """What it is carried out with, and how that differs from what it is to repeat."""
        run.environment = environment and environment.model_dump(mode="json")
        original = run.reproduces and await self._repository.runs.get(run.reproduces)
        if original:
            found = differences(original.carried_out_with, environment)
            run.warnings = list(dict.fromkeys([*run.warnings, *found]))

    def _require_readable(self, spec: TrainRun, keys: tuple[str, ...]) -> None:
        data = {spec.data.manifest, *(shard.key for shard in spec.data.shards)}
        others = [key for key in keys if key not in data and not _is_start(spec, key)]
        _require_below(tuple(others), artifacts.run_prefix(spec.run_id))

    async def _held(self, job_id: UUID, token: UUID) -> JobRow:
        job = await self._queue.held(job_id, token)
        if job.kind != TrainRun.kind:
            raise KeyIsForeign(f"a job of the kind {job.kind} has no run")
        return job

    async def _run(self, job: JobRow) -> RunRow:
        run = await self._life.run_of(job)
        if run is None:
            raise RunNotFound("the run was deleted")
        return run

    async def _attempt(self, token: UUID) -> AttemptRow:
        attempt = await self._repository.runs.attempt_with(token)
        if attempt is None:
            raise StaleLease("this lease has begun no attempt")
        return attempt


def _is_start(spec: TrainRun, key: str) -> bool:
    return spec.start_from is not None and artifacts.is_below(key, spec.start_from)


def _require_below(keys: tuple[str, ...], prefix: str) -> None:
    foreign = [key for key in keys if not artifacts.is_below(key, prefix)]
    if foreign:
        raise KeyIsForeign(f"{len(foreign)} keys are not this run's, the first being {foreign[0]!r}")


def _reason(job: JobRow, attempt: AttemptRow) -> str:
    if attempt.resume is None:
        return f"worker {job.worker} prepares"
    return f"worker {job.worker} prepares; goes on after epoch {attempt.resume_epoch}"
