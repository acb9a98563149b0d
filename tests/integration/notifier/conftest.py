"""The notifier as a real process, alone beside PostgreSQL, NATS and the object store."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import pytest_asyncio

from libs.common.bus.streams import FACTS
from libs.common.contracts.base import Fact, FactEnvelope, Page, PageQuery, now
from libs.common.contracts.channels import Delivery, DeliveryState, ListDeliveries
from libs.common.ids import new_id
from tests.house import House, open_house
from tests.stack import TestStack, running_stack


@dataclass(frozen=True)
class Listener:
    """A test's view of what was told."""

    house: House

    async def publish(self, fact: Fact, fact_id: UUID, message_id: str) -> None:
        """As the relay does it; another message id gets a fact past the stream's own memory."""
        envelope = FactEnvelope(
            id=fact_id,
            type=fact.type_name(),
            schema_version=fact.schema_version,
            aggregate_id=fact.aggregate_id,
            sequence=1,
            occurred_at=now(),
            project_id=fact.project_id,
            data=fact.model_dump(mode="json"),
        )
        await self.house.bus.jetstream.publish(
            f"facts.{fact.noun}.{fact.past}.{fact.aggregate_id}",
            envelope.model_dump_json().encode(),
            stream=FACTS,
            headers={"Nats-Msg-Id": message_id},
        )

    async def page(self, limit: int, cursor: str | None = None) -> Page[Delivery]:
        return await self.house.bus.ask(ListDeliveries(query=PageQuery(limit=limit, cursor=cursor)))

    async def deliveries(self, **fields: object) -> list[Delivery]:
        """All with these values, newest first."""
        found: list[Delivery] = []
        cursor: str | None = None
        while True:
            page = await self.page(200, cursor)
            found += [d for d in page.items if all(getattr(d, key) == fields[key] for key in fields)]
            cursor = page.next_cursor
            if cursor is None:
                return found

    async def wait_for(self, num: int = 1, **fields: object) -> list[Delivery]:
        """As many that were sent, unless asked for those in another state."""
        fields = {"state": DeliveryState.SENT, **fields}
        async with asyncio.timeout(30):
            while len(found := await self.deliveries(**fields)) < num:
                await asyncio.sleep(0.05)
        return found

    async def kill_room(self) -> None:
        """Returns when another process has taken its place."""
        pid = self.house.stack.pid("notifier")
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            while self.house.stack.pid("notifier") in (0, pid):
                await asyncio.sleep(0.1)

    async def all_is_heard(self) -> None:
        """Returns when the room has settled every fact of the stream: nothing more can come."""
        async with asyncio.timeout(30):
            while await self._num_unsettled():
                await asyncio.sleep(0.05)

    async def _num_unsettled(self) -> int:
        consumers = await self.house.bus.jetstream.consumers_info(FACTS)
        assert consumers
        return sum((each.num_pending or 0) + (each.num_ack_pending or 0) for each in consumers)


# A killed process is missed soon, and receivers of the tests are on this machine.
NOTIFIER = {"MODELYARD_DELIVERY_LEASE_SECONDS": "2", "MODELYARD_CHANNEL_HOSTS": json.dumps(["127.0.0.1"])}


@pytest.fixture(scope="package")
def rooms() -> Iterator[TestStack]:
    names = ("postgres", "nats", "s3", "notifier", "gateway")
    with running_stack(names, {"notifier": NOTIFIER}) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def listener(rooms: TestStack) -> AsyncIterator[Listener]:
    async with open_house(rooms) as house:
        yield Listener(house)


@pytest.fixture
def fact_id() -> UUID:
    return new_id()


@pytest.fixture(autouse=True)
def log_of_the_room(rooms: TestStack, request: pytest.FixtureRequest) -> Iterator[None]:
    """A failure comes with what the room said last."""
    failed_before = request.session.testsfailed
    yield
    if request.session.testsfailed > failed_before:
        print(rooms.log("notifier", 20))
