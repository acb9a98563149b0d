"""The work door of a worker: a run, trained in a child process, its data in and its checkpoints out."""

import asyncio
from importlib.metadata import version
from pathlib import Path

from libs.common.bus import TelemetryPublisher
from libs.common.cache import ObjectCache
from libs.common.child import (
    CheckpointMessage,
    Child,
    ChildCrashed,
    FailedMessage,
    FinishedMessage,
    LogMessage,
    MetricsMessage,
    ProgressMessage,
    StepsMessage,
)
from libs.common.contracts.attempts import AttemptStart, StartAttempt, TrainingOutcome, TrainRun
from libs.common.contracts.jobs import Desired
from libs.common.contracts.packages import DataSource
from libs.common.contracts.telemetry import Progress
from libs.common.errors import ModelyardError
from libs.common.jobs import JobDoor, Work
from libs.common.staging import stage_data, stage_package
from libs.common.storage import ObjectNotFound
from services.trainer.errors import CheckpointIsGone
from services.trainer.handover import Assignment, WrittenCheckpoint
from services.trainer.worker import failures
from services.trainer.worker.checkpoints import CheckpointStore
from services.trainer.worker.environment import environment_of
from services.trainer.worker.telemetry import RunTelemetry
from services.trainer.worker.transfer import Transfer

LAST_WORDS_SECONDS = 5.0
jobs = JobDoor()


@jobs.does
async def train_run(spec: TrainRun, work: Work[None]) -> None:
    bus, settings = work.resources.bus, work.resources.settings
    environment = await asyncio.to_thread(environment_of, settings.device)
    start = await bus.ask(StartAttempt(job_id=work.job.job_id, token=work.job.token, environment=environment))
    telemetry = RunTelemetry(
        TelemetryPublisher(bus), spec.run_id, start.run.attempt, settings.telemetry_seconds
    )
    try:
        async with telemetry.flowing():
            outcome = await _trained(_Training(spec, work, start, telemetry), work)
    except ModelyardError:
        await telemetry.drain_within(LAST_WORDS_SECONDS)
        raise
    await telemetry.drain()
    work.finish_with(outcome)


async def _trained(training: "_Training", work: Work[None]) -> TrainingOutcome:
    try:
        return await training.run()
    except OSError as error:
        failure = failures.of_disk(error, work.directory)
        if failure is None:
            raise
        raise failure from error


class _Training:
    def __init__(
        self, spec: TrainRun, work: Work[None], start: AttemptStart, telemetry: RunTelemetry
    ) -> None:
        self._spec = spec
        self._work = work
        self._start = start
        self._telemetry = telemetry
        self._transfer = Transfer(work.resources.bus, work.resources.store, work.job)
        self._checkpoints = CheckpointStore(
            work.resources.bus, self._transfer, telemetry, work.job, start.prefix
        )

    async def run(self) -> TrainingOutcome:
        """Raises what the training failed with; its first line says what, the others what was said last."""
        assignment = await self._assignment()
        async with await Child.start("services.trainer.run", assignment, self._work.directory) as child:
            beside = [
                asyncio.create_task(self._checkpoints.run()),
                asyncio.create_task(self._stop_when_wished(child)),
            ]
            following = asyncio.create_task(self._follow(child))
            try:
                # A checkpoint that cannot be stored ends the training: it would go on for nothing.
                await asyncio.wait({following, beside[0]}, return_when=asyncio.FIRST_COMPLETED)
                if beside[0].done():
                    beside[0].result()
                return await following
            finally:
                for task in (following, *beside):
                    task.cancel()
                await asyncio.wait({following, *beside})

    async def _assignment(self) -> Assignment:
        await self._tell(Progress(fraction=0, message="fetching samples"))
        spec, settings, directory = self._spec, self._work.resources.settings, self._work.directory.resolve()
        cache = ObjectCache(settings.scratch / "objects", settings.cache_bytes, self._transfer.fetch)
        return Assignment(
            task=spec.task,
            config=spec.config,
            classes=spec.data.classes,
            data=await stage_data(cache, spec.data, directory),
            directory=directory,
            device=self._work.job.device or "cpu",
            resume=await self._resume(directory),
            start_from=await self._start_from(cache, directory),
            weights_cache=settings.weights_cache,
            source=DataSource.of(spec.data),
            experiment_id=spec.experiment_id,
            run_id=spec.run_id,
            code_version=version("modelyard"),
        )

    async def _start_from(self, cache: ObjectCache, directory: Path) -> Path | None:
        """Only where there is nothing to go on from yet."""
        if self._spec.start_from is None or self._start.resume is not None:
            return None
        return await stage_package(cache, self._spec.start_from, directory)

    async def _resume(self, directory: Path) -> Path | None:
        if self._start.resume is None:
            return None
        path = directory / "resume.ckpt"
        try:
            await self._transfer.fetch(self._start.resume, path)
        except ObjectNotFound as error:
            epoch = self._start.resume_epoch
            raise CheckpointIsGone(f"what epoch {epoch} has left was deleted; start a new run") from error
        return path

    async def _stop_when_wished(self, child: Child) -> None:
        await self._work.stop.wait()
        if self._work.desired is Desired.STOP:
            child.request_stop()
        else:
            await child.terminate()

    async def _follow(self, child: Child) -> TrainingOutcome:
        try:
            outcome = await self._outcome(child)
        except ModelyardError as error:
            # What it kept before it broke off is worth going on from.
            await self._checkpoints.finish_within(LAST_WORDS_SECONDS)
            if isinstance(error, ChildCrashed):
                raise failures.of_crash(error, self._work.directory) from error
            raise
        await self._checkpoints.finish()
        return outcome

    async def _outcome(self, child: Child) -> TrainingOutcome:
        """To the very end, also after the result: what was said before counts."""
        outcome: TrainingOutcome | None = None
        async for message in child.messages():
            match message:
                case MetricsMessage():
                    self._telemetry.metrics(message.at, message.step, message.epoch, message.values)
                case StepsMessage():
                    self._telemetry.steps(message.at, message.first_step, message.epoch, message.values)
                case ProgressMessage():
                    progress = message.model_dump(exclude={"at", "type"})
                    await self._tell(Progress.model_validate(progress))
                case LogMessage():
                    self._telemetry.log(message.text, message.level)
                case CheckpointMessage():
                    self._checkpoints.offer(WrittenCheckpoint.model_validate(message.data))
                case FinishedMessage():
                    outcome = TrainingOutcome.model_validate(message.result)
                case FailedMessage():
                    raise failures.told(message, child)
        assert outcome is not None  # messages() raises ChildCrashed otherwise
        return outcome

    async def _tell(self, progress: Progress) -> None:
        self._telemetry.progress(progress)
        await self._work.progress(progress.fraction, progress.message)
