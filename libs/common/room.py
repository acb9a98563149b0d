"""A room's process: opens its resources, joins its doors to its service, drains when told to stop."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

import uvloop
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.bus import Bus, EventDoor, RequestDoor, consume, ensure_streams, serve
from libs.common.db import Database, Schema, migrate
from libs.common.db.inbox import Inbox
from libs.common.db.relay import Relay
from libs.common.errors import Unavailable
from libs.common.health import Check, HttpDoor, Measure, health_app
from libs.common.jobs import JobDoor, Worker
from libs.common.jobs.needs import offered_by
from libs.common.log import configure_logging, get_logger
from libs.common.metrics import CONNECTIONS, CONNECTIONS_LIMIT
from libs.common.settings import RoomSettings
from libs.common.storage import Storage

ServiceT = TypeVar("ServiceT")
SettingsT = TypeVar("SettingsT", bound=RoomSettings)
START_TIMEOUT_SECONDS = 60.0
log = get_logger(__name__)


@dataclass(frozen=True)
class Resources(Generic[SettingsT]):
    """What a room reaches the world through; opened once per process."""

    name: str
    settings: SettingsT
    bus: Bus
    database: Database
    storage: Storage


@dataclass(frozen=True)
class Unit(Generic[ServiceT]):
    """One piece of work in one transaction: commits when the function returns, rolls back when it raises."""

    service: ServiceT
    session: AsyncSession

    async def first_time(self, consumer: str, fact_id: UUID) -> bool:
        return await Inbox(self.session).accepts(consumer, fact_id)


Background = Callable[[Resources[Any]], Awaitable[None]]
# Sets gauges when somebody reads them.
Measuring = Callable[[Resources[Any]], Awaitable[None]]


@dataclass
class Room(Generic[ServiceT]):
    """`run()` blocks until SIGTERM or SIGINT; a background function that ends with an error ends the room."""

    name: str
    settings: RoomSettings
    schema: Schema
    service: Callable[[Resources[Any], AsyncSession], ServiceT]
    requests: RequestDoor | None = None
    events: EventDoor | None = None
    jobs: JobDoor | None = None
    job_slots: int = 1
    background: Sequence[Background] = ()
    measuring: Sequence[Measuring] = ()
    concurrency: int = 64
    _stop: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def run(self) -> None:
        uvloop.run(self._run())

    async def _run(self) -> None:
        configure_logging(self.name, self.settings.log)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        async with open_resources(self.name, self.settings, self.schema) as resources:
            await self._serve(resources)

    async def _serve(self, resources: Resources[Any]) -> None:
        measures = measures_of(resources, *self.measuring)
        http = HttpDoor(health_app(self.name, checks_of(resources), measures), self.settings.http)
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            running = [group.create_task(http.serve(), name="http")]
            running += [group.create_task(each, name=str(each)) for each in self._work(resources)]
            if self.requests is not None:
                await stack.enter_async_context(self._request_door(resources, self.requests))
            log.info("room_ready", room=self.name)
            await self._stop.wait()
            log.info("room_stops", room=self.name)
            await stack.aclose()
            for task in running:
                task.cancel()

    @asynccontextmanager
    async def _request_door(self, resources: Resources[Any], door: RequestDoor) -> AsyncIterator[None]:
        async with serve(resources.bus, self.name, door, self._opener(resources), self.concurrency):
            yield

    def _work(self, resources: Resources[Any]) -> list[Any]:
        """All that turns beside the request door, each until cancelled."""
        work: list[Any] = [Relay(resources.database, resources.bus).run()]
        if self.events is not None:
            work.append(consume(resources.bus, self.name, self.events, self._opener(resources)))
        if self.jobs is not None:
            worker = Worker(
                resources.bus,
                resources,
                self.jobs,
                node=self.settings.node,
                device=self.settings.device if self.job_slots == 1 else None,
                slots=self.job_slots,
                capabilities=offered_by(self.settings.device) if self.job_slots == 1 else (),
                service=self.service,
                scratch=self.settings.scratch / self.name,
            )
            work.append(worker.run())
        return work + [each(resources) for each in self.background]

    def _opener(self, resources: Resources[Any]) -> Callable[[], Any]:
        @asynccontextmanager
        async def open_unit() -> AsyncIterator[Unit[ServiceT]]:
            async with resources.database.transaction() as session:
                yield Unit(self.service(resources, session), session)

        return open_unit


@asynccontextmanager
async def open_resources(
    name: str, settings: SettingsT, *schemas: Schema
) -> AsyncIterator[Resources[SettingsT]]:
    """Waits for servers that are still starting, then brings schemas, streams and bucket up to date."""
    async with AsyncExitStack() as stack:
        bus = await patiently(lambda: Bus.connect(settings.bus, name=name))
        stack.push_async_callback(bus.close)
        database = await patiently(lambda: Database.connect(settings.database, name))
        stack.push_async_callback(database.close)
        storage = Storage(settings.storage)
        stack.callback(storage.close)
        await migrate(database, *schemas)
        await ensure_streams(bus)
        await patiently(storage.ensure_bucket)
        _keep_what_is_loaded()
        yield Resources(name, settings, bus, database, storage)


def _keep_what_is_loaded() -> None:
    """Code and what it made at its start stay as long as the process: the collector need not look through
    them again and again, which takes up to a tenth of a second each time."""
    gc.collect()
    gc.freeze()


def checks_of(resources: Resources[Any]) -> dict[str, Check]:
    async def bus() -> None:
        if not resources.bus.is_connected:
            raise Unavailable("reconnecting")

    return {"bus": bus, "database": resources.database.ping}


def measures_of(resources: Resources[Any], *measuring: Measuring) -> list[Measure]:
    async def connections() -> None:
        pool = resources.database.connections
        CONNECTIONS.labels("busy").set(pool.busy)
        CONNECTIONS.labels("idle").set(pool.idle)
        CONNECTIONS_LIMIT.set(pool.limit)

    return [connections, *(partial(each, resources) for each in measuring)]


Opened = TypeVar("Opened")


async def patiently(opening: Callable[[], Awaitable[Opened]]) -> Opened:
    """Tries again while a server is still starting; raises its Unavailable when that takes too long."""
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_SECONDS
    while True:
        try:
            return await opening()
        except Unavailable as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            log.info("waiting", code=error.code)
            await asyncio.sleep(0.25)
