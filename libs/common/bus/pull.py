"""Pulling from a JetStream consumer so that it goes on within a blink after a reconnect.

nats-py's own `fetch` sleeps through an outage of the server until its time-out; here idle heartbeats tell
that the server is gone, and a reconnect pulls again at once.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import nats.errors
from nats.aio.msg import Msg

from libs.common.bus.client import Bus
from libs.common.cancellation import end_if_cancelled
from libs.common.log import get_logger

HEARTBEAT_SECONDS = 2.0
EXPIRES_SECONDS = 30.0
RETRY_SECONDS = 0.25
log = get_logger(__name__)


class ConsumerIsGone(Exception):
    """The server does not know the consumer any more: it has to be made again."""


class Puller:
    """`ensure` makes the consumer if it is not there and answers its name."""

    def __init__(self, bus: Bus, stream: str, ensure: Callable[[], Awaitable[str]], batch: int) -> None:
        self._bus = bus
        self._stream = stream
        self._ensure = ensure
        self._batch = batch
        self._is_renewed = False
        self._reconnected = asyncio.Event()
        bus.on_reconnect(self._on_reconnect)

    async def _on_reconnect(self) -> None:
        self._reconnected.set()

    def renew(self) -> None:
        """Leaves what this consumer still has and asks `ensure` for another one."""
        self._is_renewed = True

    async def messages(self) -> AsyncIterator[Msg]:
        """For ever; what was received twice because of an outage is the receiver's to notice."""
        while True:
            if not self._bus.is_connected:
                await self._reconnected.wait()
            # Before `ensure`: a reconnect while it runs must be seen by the first wait after it.
            self._reconnected.clear()
            self._is_renewed = False
            try:
                async for message in self._pull(await self._ensure()):
                    yield message
            except (ConsumerIsGone, nats.errors.Error, OSError) as error:
                log.warning("pull_again", stream=self._stream, reason=repr(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _pull(self, name: str) -> AsyncIterator[Msg]:
        """Until a reconnect: what was on its way then may be lost, and the consumer may be too."""
        inbox = self._bus.client.new_inbox()
        queue: asyncio.Queue[Msg] = asyncio.Queue()
        subscription = await self._bus.client.subscribe(inbox, cb=queue.put)
        try:
            while not self._reconnected.is_set():
                await self._request(name, inbox)
                async for message in self._batch_of(queue):
                    yield message
                    if self._is_renewed:
                        return
        finally:
            with suppress(nats.errors.Error):
                await subscription.unsubscribe()

    async def _request(self, name: str, inbox: str) -> None:
        wanted = {
            "batch": self._batch,
            "expires": int(EXPIRES_SECONDS * 1e9),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{name}"
        await self._bus.client.publish(subject, json.dumps(wanted).encode(), reply=inbox)

    async def _batch_of(self, queue: asyncio.Queue[Msg]) -> AsyncIterator[Msg]:
        """Until the batch is full, has expired, or the server fell silent."""
        left = self._batch
        while left:
            message = await self._next(queue)
            if message is None:
                return
            status = (message.headers or {}).get("Status")
            if status == "100":
                continue
            if status is not None:
                self._require_consumer(status, message)
                return
            left -= 1
            yield message

    async def _next(self, queue: asyncio.Queue[Msg]) -> Msg | None:
        end_if_cancelled()
        if not queue.empty():
            return queue.get_nowait()
        getting = asyncio.ensure_future(queue.get())
        reconnect = asyncio.ensure_future(self._reconnected.wait())
        try:
            await asyncio.wait(
                {getting, reconnect},
                timeout=HEARTBEAT_SECONDS * 2.5,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if getting.done():
                return getting.result()
            if not reconnect.done():
                raise ConsumerIsGone("no heartbeat")
            return None
        finally:
            getting.cancel()
            reconnect.cancel()

    def _require_consumer(self, status: str, message: Msg) -> None:
        description = (message.headers or {}).get("Description", "")
        if status in ("503", "409") and "Exceeded" not in description:
            raise ConsumerIsGone(description or status)
