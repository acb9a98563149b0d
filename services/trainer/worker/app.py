"""A worker's process: one slot on one device; drains when told to stop."""

import asyncio
import signal
from dataclasses import dataclass

import httpx
import uvloop

from libs.common.bus import Bus
from libs.common.errors import Unavailable
from libs.common.health import HttpDoor, health_app
from libs.common.jobs import Worker
from libs.common.jobs.needs import offered_by
from libs.common.log import configure_logging, get_logger
from libs.common.room import patiently
from services.trainer.node.devices import num_devices_from
from services.trainer.node.telling import tell_of_node
from services.trainer.worker.jobs import jobs
from services.trainer.worker.settings import Settings

log = get_logger(__name__)
TRANSFER_TIMEOUT = httpx.Timeout(60, connect=5)


@dataclass(frozen=True)
class Resources:
    """What a worker reaches the house through."""

    settings: Settings
    bus: Bus
    store: httpx.AsyncClient


def run(settings: Settings) -> None:
    """Blocks until SIGTERM or SIGINT; a run under way is then given back and goes on elsewhere."""
    configure_logging("worker", settings.log)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bus = await patiently(lambda: Bus.connect(settings.bus, name="worker"))
    try:
        async with httpx.AsyncClient(timeout=TRANSFER_TIMEOUT) as store:
            await _work(Resources(settings, bus, store), stop)
    finally:
        await bus.close()


async def _work(resources: Resources, stop: asyncio.Event) -> None:
    settings = resources.settings

    async def connected() -> None:
        if not resources.bus.is_connected:
            raise Unavailable("reconnecting")

    worker = Worker(
        resources.bus,
        resources,
        jobs,
        node=settings.node,
        device=settings.device,
        capabilities=offered_by(settings.device, num_devices_from(settings.device)),
        scratch=settings.scratch / "runs",
    )
    http = HttpDoor(health_app("worker", {"bus": connected}), settings.http)
    async with asyncio.TaskGroup() as group:
        running = [
            group.create_task(http.serve()),
            group.create_task(worker.run()),
            group.create_task(tell_of_node(resources.bus, settings.node, settings.folders)),
        ]
        log.info("worker_ready", device=settings.device)
        await stop.wait()
        log.info("worker_stops")
        for task in running:
            task.cancel()
