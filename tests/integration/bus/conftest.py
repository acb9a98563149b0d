"""One nats-server for the bus tests, one connection per test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from libs.common.bus import Bus, ensure_streams
from tests.nats import NatsServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    started = NatsServer(tmp_path_factory.mktemp("nats"))
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def bus(server: NatsServer) -> AsyncIterator[Bus]:
    connected = await Bus.connect(server.settings, "caller")
    await ensure_streams(connected)
    yield connected
    await connected.close()


@pytest.fixture
async def room_bus(server: NatsServer) -> AsyncIterator[Bus]:
    connected = await Bus.connect(server.settings, "room")
    yield connected
    await connected.close()


@dataclass
class Unit:
    """What a room would open in one transaction; here its inbox is a set."""

    service: object
    seen: set[tuple[str, UUID]] = field(default_factory=set)

    async def first_time(self, consumer: str, fact_id: UUID) -> bool:
        is_first = (consumer, fact_id) not in self.seen
        self.seen.add((consumer, fact_id))
        return is_first


def opener(service: object = None):
    unit = Unit(service)

    @asynccontextmanager
    async def open_unit():
        before = set(unit.seen)
        try:
            yield unit
        except BaseException:
            unit.seen = before
            raise

    return open_unit
