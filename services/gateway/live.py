"""Live to the browser: facts and telemetry as server-sent events that survive a reconnect.

One core subscription per process feeds a bounded queue per client. An event's id is `<epoch>-<sequence>` of
its stream, the epoch being when the stream was made: a client that comes back gets the hole from the stream
first. Where that cannot be done (another epoch, a client too slow) it gets `reset` and loads its page again.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import nats.errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamInfo
from prometheus_client import Gauge

from libs.common.bus import Bus, Heard
from libs.common.bus.client import ListenerIsSlow
from libs.common.log import get_logger
from services.gateway.streams import Streams

QUEUE_SIZE = 500
RETRY_SECONDS = 0.5
MAX_HOLE = 5000
CLIENTS = Gauge("modelyard_live_clients", "Readers of server-sent events", ["stream"])
log = get_logger(__name__)


@dataclass(frozen=True)
class LiveEvent:
    """`open` comes first, when nothing can be missed any more; `reset` says that something is missing, `look`
    that who listens may have been told otherwise since."""

    kind: Literal["open", "message", "look", "reset"]
    id: str = ""
    subject: str = ""
    data: bytes = b""


class _Look(Enum):
    AGAIN = "again"


@dataclass(eq=False)
class _Client:
    prefixes: tuple[str, ...]
    queue: asyncio.Queue["Heard | _Look | None"] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))

    def offer(self, heard: Heard | _Look) -> None:
        if self.queue.full():
            self.reset()
        else:
            self.queue.put_nowait(heard)

    def reset(self) -> None:
        """Everything queued is dropped for one order to load the page again."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class SomethingIsMissing(Exception):
    """Between what a client has and what can still be sent is a hole that the stream cannot fill."""


class LiveFeed:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._clients: set[_Client] = set()
        self.streams = Streams()
        # What was republished while the bus was away never comes: nothing of a core subscription is kept.
        bus.on_reconnect(self._reset_clients)

    async def run(self) -> None:
        """Until cancelled: hands what is republished live to the clients that want it."""
        while True:
            with suppress(ListenerIsSlow, nats.errors.Error):
                async for heard in self._bus.listen("live.>", queue_size=10_000):
                    for client in self._clients:
                        if heard.subject.startswith(client.prefixes):
                            client.offer(heard)
            await self._reset_clients()
            await asyncio.sleep(RETRY_SECONDS)

    def look_again(self) -> None:
        """Whoever follows something is asked at once whether that may still be, not with the next event."""
        for client in self._clients:
            client.offer(_Look.AGAIN)

    async def _reset_clients(self) -> None:
        for client in self._clients:
            client.reset()

    async def follow(
        self, stream: str, subject: str, last_id: str | None, also: tuple[str, ...] = ()
    ) -> AsyncGenerator[LiveEvent]:
        """Events of `subject` (ending in `>`) of `stream`: what came after `last_id`, then live, none twice.

        Subjects in `also`, of other streams, come live only and without an id. Ends only with `reset`.
        """
        own = f"live.{subject.removesuffix('>')}"
        client = _Client((own, *(f"live.{other}" for other in also)))
        self._clients.add(client)
        CLIENTS.labels(stream).inc()
        try:
            yield LiveEvent("open")
            info = await self._bus.jetstream.stream_info(stream)
            epoch, last = _epoch(info), 0
            if last_id is not None:
                last = _known_sequence(info, last_id)
                async with aclosing(self._hole(stream, subject, last)) as hole:
                    async for number, found, data in hole:
                        last = number
                        yield LiveEvent("message", f"{epoch}-{number}", found, data)
            while (heard := await client.queue.get()) is not None:
                if heard is _Look.AGAIN:
                    yield LiveEvent("look")
                    continue
                found = heard.subject.removeprefix("live.")
                if not heard.subject.startswith(own):
                    yield LiveEvent("message", "", found, heard.data)
                elif heard.sequence is not None and heard.sequence > last:
                    last = heard.sequence
                    yield LiveEvent("message", f"{epoch}-{heard.sequence}", found, heard.data)
            yield LiveEvent("reset")
        except (SomethingIsMissing, nats.errors.Error) as error:
            log.info("live_reset", stream=stream, reason=repr(error))
            yield LiveEvent("reset")
        finally:
            self._clients.discard(client)
            CLIENTS.labels(stream).dec()

    async def _hole(self, stream: str, subject: str, after: int) -> AsyncGenerator[tuple[int, str, bytes]]:
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=30,
            mem_storage=True,
            filter_subject=subject,
        )
        consumer = await self._bus.jetstream.add_consumer(stream, config)
        left = consumer.num_pending or 0
        if left > MAX_HOLE:
            raise SomethingIsMissing(f"{left} events behind")
        pull = await self._bus.jetstream.pull_subscribe_bind(consumer.name, stream)
        try:
            while left > 0:
                for message in await pull.fetch(min(left, 200), timeout=2):
                    left -= 1
                    yield message.metadata.sequence.stream, message.subject, message.data
        finally:
            await pull.unsubscribe()


def _epoch(info: StreamInfo) -> str:
    return f"{info.created.timestamp():.0f}" if info.created is not None else "0"


def _known_sequence(info: StreamInfo, last_id: str) -> int:
    """Raises SomethingIsMissing if the id is none of this stream's, or what followed it has expired."""
    epoch, _, number = last_id.partition("-")
    if epoch != _epoch(info) or not number.isdecimal():
        raise SomethingIsMissing("another epoch")
    sequence = int(number)
    if not info.state.first_seq - 1 <= sequence <= info.state.last_seq:
        raise SomethingIsMissing("expired")
    return sequence
