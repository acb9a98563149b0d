"""Outbox and relay on a real PostgreSQL and a real nats-server."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from sqlalchemy import func, select, text

from libs.common.bus import Bus, ensure_streams
from libs.common.contracts.base import Fact, FactEnvelope, JobSpec
from libs.common.db import Database
from libs.common.db.outbox import Outbox
from libs.common.db.platform import OutboxRow
from libs.common.db.relay import Relay
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from tests.nats import PASSWORD, NatsServer


class KettleBoiled(Fact, noun="kettle", past="boiled"):
    kettle_id: UUID
    cup: int


class BoilKettle(JobSpec, kind="test.kettle.boil"):
    pass


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def bus(broker: NatsServer, database: Database) -> AsyncIterator[Bus]:
    async with database.transaction() as session:
        await session.execute(
            text("TRUNCATE platform.outbox, platform.aggregate, platform.relay, platform.job")
        )
    connected = await Bus.connect(broker.settings, name="tests")
    await ensure_streams(connected)
    yield connected
    await connected.close()


@asynccontextmanager
async def relaying(database: Database, bus: Bus, count: int = 1) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(Relay(database, bus).run()) for _ in range(count)]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def announce(database: Database, kettle: UUID, cups: range) -> None:
    for cup in cups:
        async with database.transaction() as session:
            await Outbox(session).add(KettleBoiled(kettle_id=kettle, cup=cup))


async def connected_to(broker: NatsServer) -> Client:
    return await nats.connect(broker.settings.url, user=broker.settings.user, password=PASSWORD)


async def stored(broker: NatsServer) -> list[FactEnvelope]:
    """What lies in the stream, read past everything of ours."""
    client = await connected_to(broker)
    stream = client.jetstream()
    try:
        state = (await stream.stream_info("FACTS")).state
        found = [await stream.get_msg("FACTS", seq=seq) for seq in range(state.first_seq, state.last_seq + 1)]
        return [FactEnvelope.model_validate_json(message.data or b"") for message in found if state.messages]
    finally:
        await client.close()


async def is_all_published(database: Database) -> bool:
    async with database.transaction() as session:
        waiting = select(func.count()).where(OutboxRow.published_at.is_(None))
        return await session.scalar(waiting) == 0


async def becomes(true: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.05)


async def test_facts_about_one_thing_arrive_in_the_order_of_commits(
    database: Database, bus: Bus, broker: NatsServer
) -> None:
    kettles = [new_id() for _ in range(3)]
    async with relaying(database, bus):
        await asyncio.gather(
            *(announce(database, kettle, range(10)) for kettle in kettles),
            *(announce(database, kettle, range(10, 15)) for kettle in kettles),
        )
        await becomes(lambda: is_all_published(database))
    facts = await stored(broker)
    for kettle in kettles:
        sequences = [fact.sequence for fact in facts if fact.aggregate_id == str(kettle)]
        assert sequences == list(range(1, 16))


async def test_a_fact_of_a_transaction_that_fails_is_never_announced(database: Database, bus: Bus) -> None:
    with pytest.raises(LookupError):
        async with database.transaction() as session:
            await Outbox(session).add(KettleBoiled(kettle_id=new_id(), cup=1))
            raise LookupError("the kettle fell")
    assert await is_all_published(database)


async def test_a_fact_that_could_not_be_published_is_refused_when_it_is_added(
    database: Database, bus: Bus
) -> None:
    async with database.transaction() as session:
        with pytest.raises(ValueError, match="subject"):
            await Outbox(session).add(KettleBoiled(kettle_id=new_id(), cup=1), "two words")


async def test_two_relays_publish_every_fact_once(database: Database, bus: Bus, broker: NatsServer) -> None:
    async with relaying(database, bus, count=2):
        await announce(database, new_id(), range(30))
        await becomes(lambda: is_all_published(database))
    assert len(await stored(broker)) == 30


async def test_the_relay_survives_the_loss_of_its_connection(
    database: Database, bus: Bus, broker: NatsServer
) -> None:
    kettle = new_id()
    async with relaying(database, bus):
        await announce(database, kettle, range(3))
        await becomes(lambda: is_all_published(database))
        async with database.dedicated() as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            )
        await announce(database, kettle, range(3, 6))
        await becomes(lambda: is_all_published(database))
    assert [fact.data["cup"] for fact in await stored(broker)] == list(range(6))


async def test_facts_announced_while_nats_is_away_arrive_afterwards(
    database: Database, bus: Bus, broker: NatsServer
) -> None:
    kettle = new_id()
    async with relaying(database, bus):
        await announce(database, kettle, range(3))
        await becomes(lambda: is_all_published(database))
        broker.kill()
        await announce(database, kettle, range(3, 6))
        broker.start()
        await becomes(lambda: is_all_published(database))
    assert [fact.data["cup"] for fact in await stored(broker)] == list(range(6))


async def test_a_store_that_jetstream_lost_is_filled_again(
    database: Database, bus: Bus, broker: NatsServer
) -> None:
    async with relaying(database, bus):
        await announce(database, new_id(), range(50))
        await becomes(lambda: is_all_published(database))
        broker.kill()
        broker.lose_store()
        broker.start()

        async def is_complete() -> bool:
            return await is_all_published(database) and await _count(broker) == 50

        await becomes(is_complete)
    assert [fact.data["cup"] for fact in await stored(broker)] == list(range(50))


async def test_an_end_that_jetstream_lost_is_published_again(
    database: Database, bus: Bus, broker: NatsServer, tmp_path: Path
) -> None:
    kettle = new_id()
    async with relaying(database, bus):
        await announce(database, kettle, range(5))
        await becomes(lambda: is_all_published(database))
    broker.kill()
    shutil.copytree(broker.folder / "store", tmp_path / "yesterday")
    broker.start()
    async with relaying(database, bus):
        await announce(database, kettle, range(5, 10))
        await becomes(lambda: is_all_published(database))
    broker.kill()
    broker.lose_store()
    shutil.copytree(tmp_path / "yesterday", broker.folder / "store")
    broker.start()
    async with relaying(database, bus):

        async def is_complete() -> bool:
            return await is_all_published(database) and await _count(broker) == 10

        await becomes(is_complete)
    assert [fact.data["cup"] for fact in await stored(broker)] == list(range(10))


async def test_a_new_job_wakes_the_workers_of_its_kind(
    database: Database, bus: Bus, broker: NatsServer
) -> None:
    client = await connected_to(broker)
    hints = await client.subscribe("jobs.wake.>")
    async with relaying(database, bus):
        async with asyncio.timeout(10):
            while True:
                async with database.transaction() as session:
                    await JobQueue(session).enqueue(BoilKettle())
                try:
                    hint = await hints.next_msg(0.5)
                    break
                except nats.errors.TimeoutError:
                    continue  # the relay was not listening yet
    assert hint.subject == "jobs.wake.test.kettle.boil"
    await client.close()


@pytest.mark.parametrize("ticks", range(5))
async def test_news_that_come_with_the_order_to_stop_keep_nothing_going(
    database: Database, bus: Bus, ticks: int
) -> None:
    """`asyncio.wait_for` of Python 3.11 loses a cancel that comes right after what it waits for."""
    relay = Relay(database, bus)
    relaying = asyncio.create_task(relay.run())
    await asyncio.sleep(0.5)
    relay._news.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    relaying.cancel()
    done, _ = await asyncio.wait({relaying}, timeout=5)
    assert done


async def _count(broker: NatsServer) -> int:
    client = await connected_to(broker)
    try:
        return (await client.jetstream().stream_info("FACTS")).state.messages
    except nats.js.errors.NotFoundError:
        return 0
    finally:
        await client.close()
