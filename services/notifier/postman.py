"""Takes what waits and sends it; any number of processes share the work."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime

from libs.common.contracts.base import now
from libs.common.errors import Unavailable
from libs.common.log import get_logger
from services.notifier.channels import Kinds
from services.notifier.sending import sent
from services.notifier.service import Service

AT_ONCE = 4
POLL_SECONDS = 1.0
# Less than a lease by far, so that who is only slow is not taken for dead.
PATIENCE_SECONDS = 20.0
CLEAR_SECONDS = 3600.0
log = get_logger(__name__)

OpenService = Callable[[], AbstractAsyncContextManager[Service]]


class Postman:
    """`wake` shortens the wait of who is in the same process; the others poll."""

    def __init__(self, open_service: OpenService, kinds: Kinds, clock: Callable[[], datetime] = now) -> None:
        self._open_service = open_service
        self._kinds = kinds
        self._clock = clock
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    async def run(self) -> None:
        """Until cancelled; the database may go and come back."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._round())
            group.create_task(self._clear())

    async def deliver_next(self) -> bool:
        """False when nothing is due. Nothing of the database is held while the receiver takes his time."""
        async with self._open_service() as service:
            errand = await service.deliveries.take(self._clock())
        if errand is None:
            return False
        outcome = await sent(self._kinds, errand.letter, errand.target, PATIENCE_SECONDS)
        if outcome.error is not None:
            log.warning(
                "delivery_failed",
                delivery_id=str(errand.delivery_id),
                channel_id=str(errand.channel_id),
                attempt=errand.attempt,
                reason=outcome.error,
            )
        async with self._open_service() as service:
            await service.deliveries.settle(errand, outcome, self._clock())
        return True

    async def _round(self) -> None:
        while True:
            try:
                if await self.deliver_next():
                    continue
            except Unavailable as error:
                log.warning("postman_waits", code=error.code)
            await self._pause()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._news.wait()
        self._news.clear()

    async def _clear(self) -> None:
        """What was settled long ago is forgotten."""
        while True:
            try:
                async with self._open_service() as service:
                    is_more = await service.deliveries.forget_old(self._clock()) > 0
            except Unavailable:
                is_more = False
            await asyncio.sleep(POLL_SECONDS if is_more else CLEAR_SECONDS)
