"""Checkpoints on their way from the training process into the object store, beside the training."""

import asyncio
import shutil
from contextlib import suppress

from libs.common import artifacts
from libs.common.bus import Bus
from libs.common.contracts.attempts import RecordCheckpoint
from libs.common.contracts.jobs import Lease
from libs.common.errors import ModelyardError
from libs.common.log import get_logger
from services.trainer.handover import WrittenCheckpoint
from services.trainer.worker.telemetry import RunTelemetry
from services.trainer.worker.transfer import Transfer

RETRY_SECONDS = 1.0
log = get_logger(__name__)


class CheckpointStore:
    """When epochs are faster than the store, only the newest, the best and those to be kept are stored."""

    def __init__(
        self, bus: Bus, transfer: Transfer, telemetry: RunTelemetry, lease: Lease, prefix: str
    ) -> None:
        self._bus = bus
        self._transfer = transfer
        self._telemetry = telemetry
        self._lease = lease
        self._prefix = prefix
        self._waiting: list[WrittenCheckpoint] = []
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def offer(self, written: WrittenCheckpoint) -> None:
        kept = [each for each in self._waiting if each.is_kept or (each.is_best and not written.is_best)]
        for passed_over in self._waiting:
            if passed_over not in kept:
                _remove(passed_over)
        self._waiting = [*kept, written]
        self._idle.clear()
        self._news.set()

    async def run(self) -> None:
        """Until cancelled; a store or bus that is away is waited for, anything else ends it."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                written = self._waiting.pop(0)
                await self._insist(written)
                _remove(written)
            self._idle.set()

    async def finish(self) -> None:
        """Returns when all that was offered is stored."""
        await self._idle.wait()

    async def finish_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.finish(), seconds)

    async def _insist(self, written: WrittenCheckpoint) -> None:
        while True:
            try:
                await self._store(written)
                return
            except ModelyardError as error:
                if not error.retryable:
                    raise
                log.warning("checkpoint_waits", step=written.step, code=error.code)
            await asyncio.sleep(RETRY_SECONDS)

    async def _store(self, written: WrittenCheckpoint) -> None:
        """Metrics first: an attempt that goes on from here must not miss what was measured before."""
        await self._telemetry.drain()
        package = artifacts.package(self._prefix, "step", written.step)
        resume = artifacts.resume_state(self._prefix, written.step)
        files = {
            artifacts.package_card(package): written.package / "model.json",
            artifacts.package_weights(package): written.package / "model.safetensors",
            resume: written.resume,
        }
        size_bytes = sum(path.stat().st_size for path in files.values())
        await self._transfer.store(files)
        # `best` before `last`: whoever goes on from `last` believes that its best is kept.
        if written.is_best:
            await self._record("best", written, package, None, size_bytes)
        if written.is_kept:
            await self._record(f"epoch-{written.epoch + 1}", written, package, None, size_bytes)
        await self._record("last", written, package, resume, size_bytes)

    async def _record(
        self, name: str, written: WrittenCheckpoint, package: str, resume: str | None, size_bytes: int
    ) -> None:
        record = RecordCheckpoint(
            job_id=self._lease.job_id,
            token=self._lease.token,
            name=name,
            epoch=written.epoch,
            step=written.step,
            size_bytes=size_bytes,
            package=package,
            resume=resume,
            metrics=written.metrics,
        )
        await self._bus.ask(record)


def _remove(written: WrittenCheckpoint) -> None:
    shutil.rmtree(written.package, ignore_errors=True)
    written.resume.unlink(missing_ok=True)
