"""The request door of a room: typed functions, each answering one request, behind one queue group."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, get_type_hints

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from pydantic import TypeAdapter, ValidationError

from libs.common.bus.client import DEADLINE_HEADER, DRAIN_SECONDS, ERROR_HEADER, Bus
from libs.common.bus.context import bind_context, context_of, current_context
from libs.common.bus.discovery import QUEUE_GROUP, Counts, Discovery
from libs.common.bus.wire import unpacked
from libs.common.contracts.base import Request
from libs.common.errors import BadInput, InternalError, ModelyardError, Problem, TimedOut
from libs.common.log import get_logger
from libs.common.metrics import REQUEST_SECONDS, REQUESTS

Function = TypeVar("Function", bound=Callable[..., Awaitable[Any]])
log = get_logger(__name__)


class ServiceUnit(Protocol):
    """What `open_unit` opens: the room's service inside one transaction."""

    @property
    def service(self) -> Any: ...


OpenUnit = Callable[[], AbstractAsyncContextManager[Any]]


@dataclass
class Endpoint:
    """One request type and the function that answers it."""

    request: type[Request[Any]]
    function: Callable[[Any, Any], Awaitable[Any]]
    answer: TypeAdapter[Any]


@dataclass
class RequestDoor:
    """`@door.answers` on `async def create_project(request: CreateProject, service: Service) -> Project`."""

    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    @classmethod
    def of(cls, *doors: "RequestDoor") -> "RequestDoor":
        """One that answers all that these answer."""
        whole = cls()
        for endpoint in (endpoint for door in doors for endpoint in door.endpoints.values()):
            whole._add(endpoint)
        return whole

    def answers(self, function: Function) -> Function:
        """The request is the type of the first parameter."""
        first = next(iter(inspect.signature(function).parameters))
        request = get_type_hints(function)[first]
        if not (isinstance(request, type) and issubclass(request, Request) and request.subject):
            raise TypeError(f"{function.__qualname__} does not name the Request it answers")
        self._add(Endpoint(request, function, TypeAdapter(request.answer_type)))
        return function

    def _add(self, endpoint: Endpoint) -> None:
        subject = endpoint.request.subject
        if subject in self.endpoints:
            raise TypeError(f"two functions answer {subject}")
        self.endpoints[subject] = endpoint


@asynccontextmanager
async def serve(
    bus: Bus, room: str, door: RequestDoor, open_unit: OpenUnit, concurrency: int = 64
) -> AsyncIterator[None]:
    """Answers while the context is open; on leaving, takes no more and finishes what it took."""
    server = _Server(bus, room, door, open_unit, concurrency)
    await server.start()
    try:
        yield
    finally:
        await server.drain()


class _Server:
    def __init__(self, bus: Bus, room: str, door: RequestDoor, open_unit: OpenUnit, concurrency: int) -> None:
        self._bus = bus
        self._room = room
        self._door = door
        self._open_unit = open_unit
        self._slots = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscriptions: list[Subscription] = []
        self._counts = {subject: Counts() for subject in door.endpoints}
        for subject in door.endpoints:
            REQUESTS.labels(subject, InternalError.code)

    async def start(self) -> None:
        for subject, endpoint in self._door.endpoints.items():
            self._subscriptions.append(
                await self._bus.client.subscribe(subject, queue=QUEUE_GROUP, cb=self._taker(endpoint))
            )
        self._subscriptions += await Discovery(self._bus, self._room, self._counts).announce()

    async def drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*map(self._stop_taking, self._subscriptions))
                if self._tasks:
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            log.warning("requests_left_behind", count=len(self._tasks))

    async def _stop_taking(self, subscription: Subscription) -> None:
        """What has arrived already still gets its slot; `unsubscribe` would drop it."""
        try:
            if self._bus.is_connected:
                await subscription.drain()
        except nats.errors.Error as error:
            log.warning("drain_failed", subject=subscription.subject, reason=repr(error))

    def _taker(self, endpoint: Endpoint) -> Callable[[Msg], Awaitable[None]]:
        async def take(message: Msg) -> None:
            # The slot is taken here: plain callbacks run one by one, so a full house stops reading.
            await self._slots.acquire()
            task = asyncio.create_task(self._answer(endpoint, message))
            self._tasks.add(task)
            task.add_done_callback(self._done)

        return take

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _answer(self, endpoint: Endpoint, message: Msg) -> None:
        structlog.contextvars.clear_contextvars()
        bind_context(context_of(message.headers))
        structlog.contextvars.bind_contextvars(subject=message.subject)
        started, code = time.perf_counter_ns(), None
        try:
            payload, headers = await self._carry_out(endpoint, message), None
            self._bus.require_size(payload, {})
        except ModelyardError as error:
            payload, headers = _refusal(error)
            code = error.code
        self._count(endpoint.request.subject, time.perf_counter_ns() - started, code)
        await self._reply(message, payload, headers)

    def _count(self, subject: str, duration_ns: int, code: str | None) -> None:
        self._counts[subject].add(duration_ns, code)
        REQUESTS.labels(subject, code or "ok").inc()
        REQUEST_SECONDS.labels(subject).observe(duration_ns / 1e9)

    async def _reply(self, message: Msg, payload: bytes, headers: dict[str, str] | None) -> None:
        """A caller that was cut off meanwhile learns nothing: its own deadline has told it."""
        if not (message.reply and self._bus.is_connected):
            return
        try:
            await self._bus.client.publish(message.reply, payload, headers=headers)
        except nats.errors.Error as error:
            log.warning("answer_not_sent", reason=repr(error))

    async def _carry_out(self, endpoint: Endpoint, message: Msg) -> bytes:
        _require_time(message)
        try:
            request = unpacked(endpoint.request, message.data, message.headers or {})
        except ValidationError as error:
            raise BadInput("the request is not valid", errors=problems_of(error)) from error
        try:
            async with self._open_unit() as unit:
                answer = await endpoint.function(request, unit.service)
            return endpoint.answer.dump_json(answer)
        except ModelyardError:
            raise
        except Exception as error:
            reference = current_context().request_id
            log.error("request_failed", reference=reference, exc_info=error)
            raise InternalError(f"please report the reference {reference}") from error


def _require_time(message: Msg) -> None:
    deadline = (message.headers or {}).get(DEADLINE_HEADER)
    try:
        is_late = deadline is not None and time.time() > float(deadline)
    except ValueError as error:
        raise BadInput(f"{DEADLINE_HEADER} is not a number of seconds") from error
    if is_late:
        raise TimedOut("the caller has given up already")


def _refusal(error: ModelyardError) -> tuple[bytes, dict[str, str]]:
    problem = error.problem(current_context().request_id)
    text = error.title.encode("ascii", "replace").decode()
    return problem.model_dump_json().encode(), {
        ERROR_HEADER: str(error.status),
        "Nats-Service-Error": text,
    }


def problems_of(error: ValidationError) -> list[Problem]:
    return [
        Problem(field=".".join(map(str, found["loc"])), message=found["msg"])
        for found in error.errors(include_url=False, include_context=False, include_input=False)[:100]
    ]
