"""The worker: claims jobs over the bus, beats while they run, reports how they ended."""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import structlog

from libs.common.bus.context import RequestContext, bind_context
from libs.common.cancellation import end_if_cancelled
from libs.common.contracts.base import Request
from libs.common.contracts.jobs import (
    ClaimJob,
    Desired,
    FailJob,
    FinishJob,
    Lease,
    ReleaseJob,
    WorkerIdentity,
)
from libs.common.errors import ModelyardError, NotFound, StaleLease
from libs.common.ids import new_id
from libs.common.jobs.door import JobDoor
from libs.common.jobs.scratch import own_folder
from libs.common.jobs.work import OpenService, Work
from libs.common.log import get_logger
from libs.common.metrics import JOB_SECONDS, JOBS_ENDED, JOBS_RUNNING

log = get_logger(__name__)

POLL_SECONDS = (2.0, 5.0)
BEATS_PER_LEASE = 6
PROGRESS_SECONDS = 1.0
CANCEL_GRACE_SECONDS = 30.0
SHUTDOWN_TIMEOUT_SECONDS = 5.0
RETRY_SECONDS = (0.5, 5.0)

Answer = TypeVar("Answer")


class Asks(Protocol):
    """The part of the bus that a worker needs."""

    async def ask(self, request: Request[Answer], timeout_seconds: float = 5.0) -> Answer: ...

    def listen(self, subject: str) -> Any: ...


class Worker:
    """`slots` jobs at a time; with a `device` one slot, since a device serves one job."""

    def __init__(
        self,
        bus: Asks,
        resources: Any,
        door: JobDoor,
        *,
        node: str,
        kinds: Sequence[str] = (),
        device: str | None = None,
        capabilities: Sequence[str] = (),
        slots: int = 1,
        service: OpenService[Any] | None = None,
        scratch: Path | None = None,
        cancel_grace_seconds: float = CANCEL_GRACE_SECONDS,
    ) -> None:
        self._bus = bus
        self._resources = resources
        self._door = door
        self._open_service = service
        self._slots = slots
        self._scratch = self._folder = scratch or Path(tempfile.gettempdir()) / "modelyard"
        self._cancel_grace_seconds = cancel_grace_seconds
        self._wake = asyncio.Event()
        self._identity = WorkerIdentity(
            id=f"{node}:{os.getpid()}:{new_id().hex[-12:]}",
            node=node,
            kinds=tuple(kinds or door.kinds),
            capabilities=tuple(capabilities),
            device=device,
        )

        for kind in self._identity.kinds:
            JOBS_ENDED.labels(kind, "failed")

    async def run(self) -> None:
        """Until cancelled; jobs under way are then given back."""
        with own_folder(self._scratch) as self._folder:
            async with asyncio.TaskGroup() as group:
                for kind in self._identity.kinds:
                    group.create_task(self._follow_hints(kind))
                for _ in range(self._slots):
                    group.create_task(self._serve_slot())

    async def _follow_hints(self, kind: str) -> None:
        async for _ in self._bus.listen(f"jobs.wake.{kind}"):
            self._wake.set()

    async def _serve_slot(self) -> None:
        token = uuid4()
        while True:
            end_if_cancelled()
            self._wake.clear()
            lease = await self._claim(ClaimJob(worker=self._identity, token=token))
            if lease is None:
                await _wait(self._wake, random.uniform(*POLL_SECONDS))  # noqa: S311 (jitter)
                continue
            await self._carry_out(lease)
            token = uuid4()

    async def _claim(self, claim: ClaimJob) -> Lease | None:
        try:
            return await self._bus.ask(claim)
        except ModelyardError as error:
            log.warning("claim_failed", code=error.code, detail=error.detail)
            return None

    async def _carry_out(self, lease: Lease) -> None:
        with structlog.contextvars.bound_contextvars(
            job_id=str(lease.job_id), kind=lease.kind, attempt=lease.attempt
        ):
            try:
                directory = Path(tempfile.mkdtemp(prefix=f"job-{lease.job_id}-", dir=self._folder))
            except OSError as error:
                # A full disk stops this job for now, and not the requests that the same process answers.
                await self._insist(_without_folder(lease, error))
                return
            work = Work(lease, self._resources, directory, self._open_service)
            try:
                with (
                    JOBS_RUNNING.labels(lease.kind).track_inprogress(),
                    JOB_SECONDS.labels(lease.kind).time(),
                ):
                    await self._attend(work)
            finally:
                await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    async def _attend(self, work: Work[Any]) -> None:
        """Beats from the first moment until the end is reported, so the lease covers the report too."""
        function = asyncio.create_task(self._function_of(work))
        beats = asyncio.create_task(self._beat(work, function))
        try:
            await asyncio.wait({function})
            JOBS_ENDED.labels(work.job.kind, _outcome(work, function)).inc()
            report = _report(work, function)
            if report is not None:
                await self._insist(report)
        except asyncio.CancelledError:
            await self._wind_up(work, function)
            raise
        finally:
            beats.cancel()
            await asyncio.wait({beats})

    async def _function_of(self, work: Work[Any]) -> None:
        bind_context(RequestContext(str(work.job.job_id)))
        await self._door.function(work.job.kind)(work.job.spec(), work)

    async def _beat(self, work: Work[Any], function: asyncio.Task[None]) -> None:
        """A bus or scheduler that is away stops nothing: the next beat tries again."""
        while True:
            end_if_cancelled()
            work.news.clear()
            beat = work.beat()
            try:
                answer = await self._bus.ask(beat)
            except (StaleLease, NotFound) as error:
                if not work.is_finished:
                    log.warning("lease_lost", detail=error.detail)
                    function.cancel()
                return
            except ModelyardError as error:
                log.warning("beat_failed", code=error.code)
            else:
                work.has_arrived(beat)
                self._obey(answer.desired, work, function)
            await asyncio.sleep(PROGRESS_SECONDS)
            await _wait(work.news, work.job.lease_seconds / BEATS_PER_LEASE - PROGRESS_SECONDS)

    def _obey(self, desired: Desired, work: Work[Any], function: asyncio.Task[None]) -> None:
        if desired is Desired.CANCEL and work.desired is not Desired.CANCEL:
            asyncio.get_running_loop().call_later(self._cancel_grace_seconds, function.cancel)
        work.desire(desired)

    async def _insist(self, report: FinishJob | FailJob) -> None:
        """For as long as it takes: only a refusal (4xx) says that the report is not wanted any more."""
        pause, longest = RETRY_SECONDS
        while True:
            try:
                await self._bus.ask(report)
                return
            except ModelyardError as error:
                if error.status < 500:
                    log.warning("report_refused", code=error.code, detail=error.detail)
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _wind_up(self, work: Work[Any], function: asyncio.Task[None]) -> None:
        """On shutdown: the end of a function that has ended is told, one under way is given back."""
        has_ended = function.done()
        if not has_ended:
            JOBS_ENDED.labels(work.job.kind, "released").inc()
        function.cancel()
        await asyncio.wait({function})
        release = ReleaseJob(job_id=work.job.job_id, token=work.job.token)
        last_word = _report(work, function) if has_ended or work.is_finished else release
        if last_word is not None:
            with suppress(ModelyardError, TimeoutError):
                await asyncio.wait_for(self._bus.ask(last_word), SHUTDOWN_TIMEOUT_SECONDS)


def _report(work: Work[Any], function: asyncio.Task[None]) -> FinishJob | FailJob | None:
    """How the function ended, in the scheduler's words; None when nothing is left to say."""
    job_id, token = work.job.job_id, work.job.token
    error = None if function.cancelled() else function.exception()
    if work.is_finished or isinstance(error, StaleLease):
        return None
    if work.desired is Desired.CANCEL:
        return FailJob(job_id=job_id, token=token, code="cancelled", detail="cancelled on request")
    if function.cancelled():
        return None
    if error is None:
        return FinishJob(job_id=job_id, token=token, result=work.result)
    if isinstance(error, ModelyardError):
        return FailJob(
            job_id=job_id,
            token=token,
            code=error.code,
            detail=error.detail[:8000],
            retryable=error.retryable,
        )
    reference = new_id()
    log.error("job_broke", reference=str(reference), exc_info=error)
    return FailJob(
        job_id=job_id,
        token=token,
        code="internal",
        detail=f"Something broke on our side; the reference is {reference}",
    )


def _outcome(work: Work[Any], function: asyncio.Task[None]) -> str:
    """The same in one word, for who counts."""
    error = None if function.cancelled() else function.exception()
    if work.is_finished:
        return "completed"
    if work.desired is Desired.CANCEL:
        return "cancelled"
    if function.cancelled() or isinstance(error, StaleLease):
        return "lost"
    if error is None:
        return "completed"
    return "put_off" if isinstance(error, ModelyardError) and error.retryable else "failed"


def _without_folder(lease: Lease, error: OSError) -> FailJob:
    return FailJob(
        job_id=lease.job_id,
        token=lease.token,
        code="scratch_unavailable",
        detail=f"no folder could be made for the job: {error.strerror}",
        retryable=True,
    )


async def _wait(event: asyncio.Event, timeout_seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            await event.wait()
