"""Telemetry into the tables: in order and once, since the place in the stream is stored with the data."""

import asyncio
from collections.abc import Sequence

import nats.errors

from libs.common.bus import follow_telemetry, telemetry_epoch
from libs.common.contracts.telemetry import TelemetryBatch
from libs.common.errors import Unavailable
from libs.common.log import get_logger
from libs.common.room import Resources
from services.trainer.settings import Settings
from services.trainer.unit import open_unit

RETRY_SECONDS = 1.0
# Under load as many batches share a transaction; without, each is stored as it comes.
MOST_AT_ONCE = 200
Place = tuple[str, int]
log = get_logger(__name__)


class PlaceHasMoved(Exception):
    """Another process of this room has stored something meanwhile."""


async def ingest(resources: Resources[Settings]) -> None:
    """Until cancelled; whatever goes wrong, it begins again at the place that was stored last."""
    while True:
        try:
            await _Ingestion(resources).run()
        except (PlaceHasMoved, Unavailable, nats.errors.Error, OSError) as error:
            log.warning("ingestion_begins_again", reason=str(error) or type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS)


class _Ingestion:
    def __init__(self, resources: Resources[Settings]) -> None:
        self._resources = resources
        self._arrived: asyncio.Queue[tuple[Place, TelemetryBatch]] = asyncio.Queue(2 * MOST_AT_ONCE)

    async def run(self) -> None:
        async with open_unit(self._resources) as service:
            place = await service.history.place()
        reading = asyncio.create_task(self._read(place))
        storing = asyncio.create_task(self._store_for_ever(place))
        try:
            await asyncio.wait({reading, storing}, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, storing):
                if task.done():
                    task.result()
        finally:
            for task in (reading, storing):
                task.cancel()
            await asyncio.wait({reading, storing})

    async def _read(self, place: Place) -> None:
        bus, (known_epoch, last) = self._resources.bus, place
        epoch = await telemetry_epoch(bus)
        async for sequence, batch in follow_telemetry(bus, last, known_epoch or None):
            if sequence <= last:
                epoch = await telemetry_epoch(bus)
            last = sequence
            await self._arrived.put(((epoch, sequence), batch))

    async def _store_for_ever(self, place: Place) -> None:
        while True:
            items = [await self._arrived.get()]
            while len(items) < MOST_AT_ONCE and not self._arrived.empty():
                items.append(self._arrived.get_nowait())
            await self._store(place, items[-1][0], [batch for _, batch in items])
            place = items[-1][0]

    async def _store(self, place: Place, to: Place, batches: Sequence[TelemetryBatch]) -> None:
        async with open_unit(self._resources) as service:
            if not await service.history.store(place, to, batches):
                raise PlaceHasMoved("another process stores telemetry")
