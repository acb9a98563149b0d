"""One connection to NATS: requests with typed answers, publishing, listening."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from pydantic import TypeAdapter

from libs.common.bus.context import current_context
from libs.common.bus.wire import packed
from libs.common.contracts.base import Request
from libs.common.errors import ProblemDetails, TimedOut, TooLarge, Unavailable, error_from_problem
from libs.common.ids import new_id
from libs.common.log import get_logger
from libs.common.settings import BusSettings

Answer = TypeVar("Answer")
DEADLINE_HEADER = "Modelyard-Deadline"
ERROR_HEADER = "Nats-Service-Error-Code"
CONNECT_SECONDS = 5
RECONNECT_WAIT_SECONDS = 0.25
PING_SECONDS = 10
DRAIN_SECONDS = 10
DISCOVERY_SECONDS = 0.3
# What the protocol itself adds around headers; a message above the server's limit would close the connection.
PROTOCOL_MARGIN_BYTES = 4096
LISTEN_QUEUE_SIZE = 1000

log = get_logger(__name__)
_adapters: dict[type, TypeAdapter[Any]] = {}


class BusUnavailable(Unavailable):
    """503: no connection to NATS, or it was lost meanwhile."""

    code, title = "bus_unavailable", "The message bus does not answer"


class NobodyAnswers(Unavailable):
    """503: NATS is there, and no instance of the room that answers this subject."""

    code, title = "service_unavailable", "The part of the system that answers this is away"


class ListenerIsSlow(Unavailable):
    """503: messages came faster than they were taken; whoever listens begins anew."""

    code = "listener_is_slow"


@dataclass(frozen=True)
class Heard:
    """A message of a core subscription; `sequence` is its place in the stream that republished it."""

    subject: str
    data: bytes
    headers: Mapping[str, str]

    @property
    def sequence(self) -> int | None:
        found = self.headers.get("Nats-Sequence")
        return int(found) if found else None


class Bus:
    """Reconnects for ever; a request made while disconnected is refused, never kept for later."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.id = new_id().hex[-12:]
        self.jetstream: JetStreamContext = client.jetstream()
        self._on_reconnect: list[Callable[[], Awaitable[None]]] = []
        self._is_closing = False

    @classmethod
    async def connect(cls, settings: BusSettings, name: str) -> "Bus":
        """Raises BusUnavailable when nobody answers at the address."""
        client = Client()
        bus = cls(client, name)
        try:
            # With endless reconnects nats-py tries the first connection for ever, too.
            async with asyncio.timeout(CONNECT_SECONDS):
                await bus._connect(settings)
        except (OSError, nats.errors.Error) as error:
            reason = repr(client.last_error or error)
            await bus.close()
            raise BusUnavailable(f"no NATS server lets us in: {reason}") from error
        return bus

    async def _connect(self, settings: BusSettings) -> None:
        await self.client.connect(
            settings.url,
            name=self.name,
            user=cast(Any, settings.user),
            password=cast(Any, settings.password.get_secret_value() if settings.password else None),
            inbox_prefix=settings.inbox_prefix,
            connect_timeout=3,
            max_reconnect_attempts=-1,
            reconnect_time_wait=cast(int, RECONNECT_WAIT_SECONDS),
            ping_interval=PING_SECONDS,
            max_outstanding_pings=2,
            drain_timeout=DRAIN_SECONDS,
            error_cb=_log_error,
            disconnected_cb=_log_disconnect,
            reconnected_cb=self._reconnected,
            closed_cb=self._closed,
        )

    @property
    def is_connected(self) -> bool:
        """Now; the next call may find it otherwise and raises BusUnavailable then."""
        return self.client.is_connected

    @property
    def max_message_bytes(self) -> int:
        """Of payload and headers together."""
        return self.client.max_payload - PROTOCOL_MARGIN_BYTES

    def on_reconnect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Awaited after every reconnect, in the order of adding: core messages of meanwhile are lost."""
        self._on_reconnect.append(callback)

    async def ask(self, request: Request[Answer], timeout_seconds: float = 5.0) -> Answer:
        """The typed answer, or the typed error that the room raised.

        NobodyAnswers (503) at once when no room listens, TimedOut (504) when the answer is late.
        """
        self.require_connection()
        deadline = time.time() + timeout_seconds
        payload, sizes = packed(request)
        headers = {**current_context().headers(), **sizes, DEADLINE_HEADER: f"{deadline:.3f}"}
        self.require_size(payload, headers)
        try:
            message = await self.client.request(
                request.subject, payload, timeout=timeout_seconds, headers=headers
            )
        except nats.errors.NoRespondersError as error:
            raise NobodyAnswers(f"nobody answers {request.subject}") from error
        except (TimeoutError, nats.errors.TimeoutError) as error:
            raise TimedOut(f"{request.subject} did not answer in {timeout_seconds:g} s") from error
        except nats.errors.Error as error:
            raise BusUnavailable("the connection to NATS was lost") from error
        return _answer(type(request), message)

    async def publish(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        """Core NATS: gone if nobody listens. Raises BusUnavailable, TooLarge."""
        self.require_connection()
        self.require_size(data, headers or {})
        await self.client.publish(subject, data, headers=headers)

    async def listen(self, subject: str, *, queue_size: int = LISTEN_QUEUE_SIZE) -> AsyncIterator[Heard]:
        """A core subscription from the first `anext` on, bounded.

        Who is too slow gets what is queued already, without a hole, and then ListenerIsSlow.
        """
        queue: asyncio.Queue[Heard | None] = asyncio.Queue(queue_size + 1)

        async def put(message: Msg) -> None:
            if queue.qsize() < queue_size:
                queue.put_nowait(Heard(message.subject, message.data, message.headers or {}))
            elif not queue.full():
                queue.put_nowait(None)

        subscription = await self.client.subscribe(subject, cb=put)
        try:
            while (heard := await queue.get()) is not None:
                yield heard
        finally:
            if not self.client.is_closed:
                await subscription.unsubscribe()
        raise ListenerIsSlow(f"more than {queue_size} messages of {subject} are waiting")

    async def discover(self) -> dict[str, int]:
        """Rooms that answer now, with how many instances each."""
        return dict(Counter(each["name"] for each in await self._ping()))

    async def instances(self, room: str) -> set[str]:
        """Of this room those that answer now; one that is started again is another."""
        return {each["id"] for each in await self._ping() if each["name"] == room}

    async def _ping(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        inbox = self.client.new_inbox()

        async def take(message: Msg) -> None:
            found.append(json.loads(message.data))

        subscription = await self.client.subscribe(inbox, cb=take)
        await self.client.publish("$SRV.PING", b"", reply=inbox)
        await asyncio.sleep(DISCOVERY_SECONDS)
        await subscription.unsubscribe()
        return found

    def require_size(self, payload: bytes, headers: Mapping[str, str]) -> None:
        """Raises TooLarge: crossing the server's limit would close the connection for good."""
        limit = self.max_message_bytes
        size = len(payload) + sum(len(name) + len(value) + 4 for name, value in headers.items())
        if size > limit:
            raise TooLarge(f"the message has {size} bytes; the bus takes {limit}")

    async def close(self) -> None:
        """Drains: what was received is finished, what was published is sent."""
        self._is_closing = True
        if self.client.is_closed:
            return
        try:
            await asyncio.wait_for(self.client.drain(), DRAIN_SECONDS)
        except (TimeoutError, nats.errors.Error, OSError):
            await self.client.close()

    def require_connection(self) -> None:
        """Raises BusUnavailable: nats-py would keep what is published while it reconnects."""
        if not self.client.is_connected:
            raise BusUnavailable("the connection to NATS is down; nothing was sent")

    async def _reconnected(self) -> None:
        log.info("bus_reconnected")
        for callback in self._on_reconnect:
            await callback()

    async def _closed(self) -> None:
        if not self._is_closing:
            # nats-py never comes back from this: the supervisor starts us anew.
            log.error("bus_closed_for_good")
            os._exit(70)


def _answer(request: type[Request[Answer]], message: Msg) -> Answer:
    if message.headers and ERROR_HEADER in message.headers:
        raise error_from_problem(ProblemDetails.model_validate_json(message.data))
    if request not in _adapters:
        _adapters[request] = TypeAdapter(request.answer_type)
    return _adapters[request].validate_json(message.data)


async def _log_error(error: Exception) -> None:
    # A forbidden publish shows up only here; to its caller it looks like a time-out.
    log.warning("bus_error", error=type(error).__name__, detail=str(error))


async def _log_disconnect() -> None:
    log.warning("bus_disconnected")
