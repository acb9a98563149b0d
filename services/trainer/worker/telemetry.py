"""What a run measures and says on its way to the house: in order, in batches, kept until it has arrived."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import islice
from uuid import UUID

from libs.common.bus import TelemetryPublisher
from libs.common.cancellation import end_if_cancelled
from libs.common.contracts.telemetry import Level, MetricPoint, Progress, TelemetryBatch
from libs.common.errors import Unavailable
from libs.common.ids import new_id
from libs.common.log import get_logger
from services.trainer.worker.lines import Lines

MAX_POINTS = 4000
MAX_LINES = 400
RETRY_SECONDS = 0.5
log = get_logger(__name__)


class RunTelemetry:
    """Of one attempt. A batch that was not acknowledged is sent again under the same id, before any other."""

    def __init__(self, publisher: TelemetryPublisher, run_id: UUID, attempt: int, seconds: float) -> None:
        self._publisher = publisher
        self._run_id = run_id
        self._attempt = attempt
        self._seconds = seconds
        self._points: deque[MetricPoint] = deque()
        self._lines = Lines()
        self._progress: Progress | None = None
        self._sending = asyncio.Lock()
        self._unsent: TelemetryBatch | None = None

    def metrics(self, at: datetime, step: int, epoch: int | None, values: Mapping[str, float]) -> None:
        for key, value in values.items():
            self._points.append(MetricPoint(key=key, step=step, epoch=epoch, value=value, at=at))

    def steps(
        self, at: datetime, first: int, epoch: int | None, values: Mapping[str, Sequence[float]]
    ) -> None:
        """Of steps that follow each other."""
        for key, series in values.items():
            self._points.extend(
                MetricPoint(key=key, step=step, epoch=epoch, value=value, at=at)
                for step, value in enumerate(series, first)
            )

    def log(self, text: str, level: Level = "info") -> None:
        """Of a flood of lines only some are kept, and how many were not."""
        self._lines.say(text, level)

    def progress(self, progress: Progress) -> None:
        """Only the latest counts."""
        self._progress = progress

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Sends all the time; what the block leaves unsent is for `drain`."""
        sending = asyncio.create_task(self._send_for_ever())
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.wait({sending})
            self._lines.end()

    async def drain(self) -> None:
        """Returns when all that was told has arrived; waits for a bus that is away."""
        while True:
            end_if_cancelled()
            try:
                async with self._sending:
                    while batch := self._next():
                        await self._publisher.publish(batch)
                        self._unsent = None
                return
            except Unavailable as error:
                log.warning("telemetry_waits", code=error.code)
            await asyncio.sleep(RETRY_SECONDS)

    async def drain_within(self, seconds: float) -> None:
        """For an end that nothing may hold up."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.drain(), seconds)

    async def _send_for_ever(self) -> None:
        while True:
            await self.drain()
            await asyncio.sleep(self._seconds)

    def _next(self) -> TelemetryBatch | None:
        if self._unsent is not None:
            return self._unsent
        lines = self._lines.take(MAX_LINES)
        if self._points or lines or self._progress:
            self._unsent = TelemetryBatch(
                id=new_id(),
                run_id=self._run_id,
                attempt=self._attempt,
                points=_taken(self._points, MAX_POINTS),
                logs=lines,
                progress=self._progress,
            )
            self._progress = None
        return self._unsent


def _taken(queue: deque, limit: int) -> tuple:
    found = tuple(islice(queue, limit))
    for _ in found:
        queue.popleft()
    return found
