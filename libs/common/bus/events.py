"""The fact door of a room: from one fact to the next, each taking effect once."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, get_type_hints
from uuid import UUID

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from pydantic import ValidationError

from libs.common.bus.client import Bus
from libs.common.bus.context import bind_context, context_of
from libs.common.bus.pull import Puller
from libs.common.bus.streams import FACTS, ensure_consumer
from libs.common.bus.subjects import consumer_name, dead_letter, fact_filter
from libs.common.contracts.base import Fact, FactEnvelope
from libs.common.errors import ModelyardError
from libs.common.log import get_logger
from libs.common.metrics import REACTIONS

ACK_WAIT_SECONDS = 30.0
BACKOFF_SECONDS = (0.5, 1, 2, 5, 15, 30, 60, 120)
Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])
log = get_logger(__name__)


class FactUnit(Protocol):
    """What `open_unit` opens: the service, and the inbox, in one transaction."""

    @property
    def service(self) -> Any: ...

    async def first_time(self, consumer: str, fact_id: UUID) -> bool: ...


OpenUnit = Callable[[], AbstractAsyncContextManager[Any]]


@dataclass(frozen=True)
class Reaction:
    fact: type[Fact]
    function: Callable[[Any, Any], Awaitable[None]]


@dataclass
class EventDoor:
    """`@events.on` on `async def evaluate_completed_run(fact: RunCompleted, service: Service) -> None`."""

    reactions: dict[str, Reaction] = field(default_factory=dict)

    def on(self, function: Function) -> Function:
        """The fact is the type of the first parameter."""
        first = next(iter(inspect.signature(function).parameters))
        fact = get_type_hints(function)[first]
        if not (isinstance(fact, type) and issubclass(fact, Fact) and fact.noun):
            raise TypeError(f"{function.__qualname__} does not name the Fact it reacts to")
        if fact.type_name() in self.reactions:
            raise TypeError(f"two functions react to {fact.type_name()}")
        self.reactions[fact.type_name()] = Reaction(fact, function)
        return function


async def consume(bus: Bus, room: str, door: EventDoor, open_unit: OpenUnit) -> None:
    """Until cancelled: one durable consumer per (room, fact), shared by the instances of the room.

    Facts come in their order, but one that failed is tried again after those behind it.
    """
    async with asyncio.TaskGroup() as group:
        for reaction in door.reactions.values():
            group.create_task(_Consumer(bus, room, reaction, open_unit).run())


class _Consumer:
    def __init__(self, bus: Bus, room: str, reaction: Reaction, open_unit: OpenUnit) -> None:
        self._bus = bus
        self._reaction = reaction
        self._open_unit = open_unit
        self._name = consumer_name(room, reaction.fact.noun, reaction.fact.past)
        self._outcomes = {
            outcome: REACTIONS.labels(reaction.fact.type_name(), outcome)
            for outcome in ("done", "put_off", "given_up")
        }

    async def run(self) -> None:
        # One at a time: a fact that waits here unread would be given to nobody else until its lease is over.
        async for message in Puller(self._bus, FACTS, self._ensure, batch=1).messages():
            try:
                await self._handle(message)
            except nats.errors.Error as error:
                # Handed out again after ACK_WAIT_SECONDS; the inbox knows whether it had taken effect.
                log.warning("fact_not_settled", consumer=self._name, reason=repr(error))

    async def _ensure(self) -> str:
        wanted = ConsumerConfig(
            durable_name=self._name,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            filter_subject=fact_filter(self._reaction.fact.noun, self._reaction.fact.past),
        )
        return await ensure_consumer(self._bus, FACTS, wanted)

    async def _handle(self, message: Msg) -> None:
        structlog.contextvars.clear_contextvars()
        bind_context(context_of(message.headers))
        try:
            fact_id, fact = self._read(message.data)
        except ValidationError as error:
            await self._give_up(message, error)
            return
        structlog.contextvars.bind_contextvars(fact=fact.type_name(), fact_id=str(fact_id))
        try:
            await self._react(fact_id, fact)
        except Exception as error:  # noqa: BLE001 — the edge: whatever broke, the fact is tried again
            await self._put_off(message, error)
        else:
            self._outcomes["done"].inc()
            await message.ack()

    def _read(self, data: bytes) -> tuple[UUID, Fact]:
        envelope = FactEnvelope.model_validate_json(data)
        return envelope.id, self._reaction.fact.model_validate(envelope.data)

    async def _react(self, fact_id: UUID, fact: Fact) -> None:
        async with self._open_unit() as unit:
            if await unit.first_time(self._name, fact_id):
                await self._reaction.function(fact, unit.service)

    async def _put_off(self, message: Msg, error: Exception) -> None:
        """Something that is away, the database above all, is waited for; only other failures are given up."""
        tried = message.metadata.num_delivered or 1
        is_away = isinstance(error, ModelyardError) and error.retryable
        if tried > len(BACKOFF_SECONDS) and not is_away:
            await self._give_up(message, error)
            return
        log.warning("fact_failed", consumer=self._name, tried=tried, exc_info=error)
        self._outcomes["put_off"].inc()
        await message.nak(delay=BACKOFF_SECONDS[min(tried, len(BACKOFF_SECONDS)) - 1])

    async def _give_up(self, message: Msg, error: Exception) -> None:
        """Acknowledged only when the letter is stored."""
        log.error("fact_given_up", consumer=self._name, exc_info=error)
        self._outcomes["given_up"].inc()
        # Not those for the server: the stream that the relay expected is another one than this.
        ours = {key: text for key, text in (message.headers or {}).items() if not key.startswith("Nats-")}
        headers = {
            **ours,
            "Nats-Msg-Id": f"{self._name}/{message.metadata.sequence.stream}",
            "Modelyard-Reason": type(error).__name__,
        }
        await self._bus.jetstream.publish(dead_letter(FACTS, self._name), message.data, headers=headers)
        await message.ack()
