"""The live feed on a real NATS that goes away and comes back: nothing twice, and no hole in silence."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import pytest

from libs.common.bus import Bus, ensure_streams
from libs.common.bus.streams import FACTS
from services.gateway import live
from services.gateway.live import LiveEvent, LiveFeed
from tests.nats import NatsServer


@pytest.fixture
def server(tmp_path) -> Iterator[NatsServer]:
    started = NatsServer(tmp_path / "nats")
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def bus(server: NatsServer) -> AsyncIterator[Bus]:
    connected = await Bus.connect(server.settings, "gateway")
    await ensure_streams(connected)
    yield connected
    await connected.close()


@pytest.fixture
async def feed(bus: Bus) -> AsyncIterator[LiveFeed]:
    made = LiveFeed(bus)
    running = asyncio.create_task(made.run())
    await asyncio.sleep(0.1)
    yield made
    running.cancel()


async def happen(bus: Bus, *names: str) -> None:
    for name in names:
        await bus.jetstream.publish("facts.thing.happened.1", name.encode())


async def until_connected(bus: Bus, is_connected: bool) -> None:
    async with asyncio.timeout(10):
        while bus.is_connected is not is_connected:
            await asyncio.sleep(0.02)


async def next_of(events: AsyncGenerator[LiveEvent]) -> LiveEvent:
    return await asyncio.wait_for(anext(events), 10)


async def words_of(events: AsyncGenerator[LiveEvent], count: int) -> list[str]:
    return [(await next_of(events)).data.decode() for _ in range(count)]


async def opened(feed: LiveFeed, last_id: str | None = None) -> AsyncGenerator[LiveEvent]:
    events = feed.follow(FACTS, "facts.>", last_id)
    assert (await next_of(events)).kind == "open"
    return events


async def test_who_comes_back_gets_the_hole_first_and_then_what_happens_live(bus, feed):
    first = await opened(feed)
    await happen(bus, "a")
    seen = await next_of(first)
    await first.aclose()
    await happen(bus, "b", "c")

    again = await opened(feed, seen.id)
    hole = await words_of(again, 2)
    await happen(bus, "d")

    assert (hole, await words_of(again, 1)) == (["b", "c"], ["d"])
    await again.aclose()


async def test_what_happens_while_the_hole_is_read_comes_once(bus, feed):
    first = await opened(feed)
    await happen(bus, "a")
    seen = await next_of(first)
    await first.aclose()

    again = await opened(feed, seen.id)
    await happen(bus, "b", "c")  # heard live already, and in the stream behind the id

    assert await words_of(again, 2) == ["b", "c"]
    await happen(bus, "d")
    assert await words_of(again, 1) == ["d"]
    await again.aclose()


@pytest.mark.parametrize("last_id", ["12345-1", "nonsense", "", "-", "12345-x"])
async def test_an_id_of_another_stream_is_answered_with_reset(feed, last_id):
    events = await opened(feed, last_id)

    assert (await next_of(events)).kind == "reset"


async def test_an_id_from_the_future_of_the_same_stream_is_answered_with_reset(bus, feed):
    first = await opened(feed)
    await happen(bus, "a")
    epoch = (await next_of(first)).id.partition("-")[0]
    await first.aclose()

    assert (await next_of(await opened(feed, f"{epoch}-2"))).kind == "reset"


async def test_an_id_whose_followers_have_expired_is_answered_with_reset(bus, feed):
    first = await opened(feed)
    await happen(bus, "a", "b", "c")
    seen = await next_of(first)
    await first.aclose()
    await bus.jetstream.purge_stream(FACTS)

    assert (await next_of(await opened(feed, seen.id))).kind == "reset"


async def test_a_hole_too_large_is_answered_with_reset(bus, feed, monkeypatch):
    monkeypatch.setattr(live, "MAX_HOLE", 2)
    first = await opened(feed)
    await happen(bus, "a", "b", "c", "d")
    seen = await next_of(first)
    await first.aclose()

    assert (await next_of(await opened(feed, seen.id))).kind == "reset"


async def test_a_client_too_slow_is_reset_and_the_others_go_on(bus, feed, monkeypatch):
    monkeypatch.setattr(live, "QUEUE_SIZE", 3)
    slow = await opened(feed)
    await happen(bus, "a")
    await next_of(slow)
    monkeypatch.setattr(live, "QUEUE_SIZE", 500)
    quick = await opened(feed)
    await happen(bus, *"bcdefgh")

    assert await words_of(quick, 7) == list("bcdefgh")
    assert (await next_of(slow)).kind == "reset"
    await quick.aclose()


async def test_clients_are_reset_after_the_bus_was_away(server, bus, feed):
    events = await opened(feed)
    await happen(bus, "a")
    seen = await next_of(events)

    server.kill()
    server.start()

    assert (await next_of(events)).kind == "reset"
    again = await opened(feed, seen.id)
    await happen(bus, "b")
    assert await words_of(again, 1) == ["b"]
    await again.aclose()


async def test_who_follows_while_the_bus_is_away_is_reset(server, bus, feed):
    server.kill()
    await until_connected(bus, False)

    assert (await next_of(await opened(feed))).kind == "reset"
    server.start()
    await until_connected(bus, True)
