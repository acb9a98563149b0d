"""Facts and telemetry over a real nats-server: once, in order, through kills, with dead letters."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from libs.common.bus import Bus, EventDoor, TelemetryPublisher, consume, ensure_streams, follow_telemetry
from libs.common.bus import events as events_module
from libs.common.bus.streams import STREAMS, ServerDiffers, compare
from libs.common.bus.subjects import token
from libs.common.contracts.base import Fact, FactEnvelope
from libs.common.contracts.telemetry import MetricPoint, TelemetryBatch
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from tests.integration.bus.conftest import opener
from tests.nats import NatsServer


class WordSaid(Fact, noun="word", past="said"):
    word_id: UUID
    text: str


async def announce(bus: Bus, text: str, fact_id: UUID | None = None) -> UUID:
    word = new_id()
    envelope = FactEnvelope(
        id=fact_id or new_id(),
        type="word.said",
        schema_version=1,
        aggregate_id=str(word),
        sequence=1,
        occurred_at=datetime.now(UTC),
        data=WordSaid(word_id=word, text=text).model_dump(mode="json"),
    )
    await bus.jetstream.publish(f"facts.word.said.{word}", envelope.model_dump_json().encode())
    return envelope.id


def hearing(heard: list[str], failures: Counter[str] | None = None) -> EventDoor:
    door = EventDoor()

    @door.on
    async def hear(fact: WordSaid, service: object) -> None:
        if failures is not None and failures[fact.text] > 0:
            failures[fact.text] -= 1
            raise RuntimeError("not yet")
        heard.append(fact.text)

    return door


async def until(condition, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def fresh(tmp_path):
    server = NatsServer(tmp_path)
    server.start()
    bus = await Bus.connect(server.settings, "room")
    await ensure_streams(bus)
    yield server, bus
    await bus.close()
    server.stop()


async def test_a_fact_delivered_twice_takes_effect_once(fresh):
    _, bus = fresh
    heard: list[str] = []
    task = asyncio.create_task(consume(bus, "test", hearing(heard), opener()))
    fact_id = await announce(bus, "once")
    await announce(bus, "once", fact_id)
    await announce(bus, "last")
    await until(lambda: "last" in heard)
    assert heard == ["once", "last"]
    task.cancel()


async def test_a_failing_reaction_is_tried_again_until_it_succeeds(fresh):
    _, bus = fresh
    heard: list[str] = []
    task = asyncio.create_task(consume(bus, "test", hearing(heard, Counter({"hard": 2})), opener()))
    await announce(bus, "hard")
    await until(lambda: heard == ["hard"])
    task.cancel()


async def test_a_reaction_that_never_succeeds_ends_among_the_dead_letters(fresh, monkeypatch):
    _, bus = fresh
    monkeypatch.setattr(events_module, "BACKOFF_SECONDS", (0.05, 0.05))
    letters = await bus.jetstream.subscribe("dlq.>", ordered_consumer=True)
    task = asyncio.create_task(consume(bus, "test", hearing([], Counter({"never": 99})), opener()))
    await announce(bus, "never")
    letter = await letters.next_msg(timeout=5)
    assert letter.subject == "dlq.facts.test-word-said"
    task.cancel()


async def test_consuming_goes_on_soon_after_the_server_was_killed(fresh):
    server, bus = fresh
    heard: list[str] = []
    task = asyncio.create_task(consume(bus, "test", hearing(heard), opener()))
    await announce(bus, "before")
    await until(lambda: heard == ["before"])
    server.kill()
    await until(lambda: not bus.is_connected)
    server.start()
    await until(lambda: bus.is_connected)
    await announce(bus, "after")
    await until(lambda: heard == ["before", "after"], seconds=3)
    task.cancel()


async def test_streams_and_consumers_are_made_anew_when_the_store_was_lost(fresh):
    server, bus = fresh
    heard: list[str] = []
    task = asyncio.create_task(consume(bus, "test", hearing(heard), opener()))
    await announce(bus, "before")
    await until(lambda: heard == ["before"])
    server.kill()
    await until(lambda: not bus.is_connected)
    server.lose_store()
    server.start()
    await until(lambda: bus.is_connected)
    await ensure_streams(bus)
    await announce(bus, "after")
    await until(lambda: heard == ["before", "after"], seconds=15)
    task.cancel()


async def test_ensuring_streams_twice_is_harmless_and_an_ignored_option_is_told(fresh):
    _, bus = fresh
    await ensure_streams(bus)
    wanted = next(stream for stream in STREAMS if stream.name == "FACTS")
    made = (await bus.jetstream.stream_info("FACTS")).config
    compare(wanted, made)
    with pytest.raises(ServerDiffers):
        compare(wanted, made.evolve(max_age=1.0))


def batch_of(run: UUID, first: int, count: int) -> TelemetryBatch:
    at = datetime.now(UTC)
    points = tuple(
        MetricPoint(key="loss", step=step, value=float(step), at=at) for step in range(first, first + count)
    )
    return TelemetryBatch(id=new_id(), run_id=run, attempt=1, points=points)


async def test_telemetry_is_followed_without_loss_or_doubles_through_a_kill(fresh):
    server, bus = fresh
    run, seen = new_id(), list[int]()

    async def follow() -> None:
        async for _, batch in follow_telemetry(bus, 0):
            seen.extend(point.step for point in batch.points)

    task = asyncio.create_task(follow())
    publisher = TelemetryPublisher(bus)
    for number in range(60):
        batch = batch_of(run, number * 10, 10)
        if number == 20:
            server.kill()
            asyncio.get_running_loop().call_later(0.5, server.start)
        while True:
            try:
                await publisher.publish(batch)
                break
            except ModelyardError:
                await asyncio.sleep(0.05)
    await until(lambda: len(seen) >= 600, seconds=15)
    assert seen == list(range(600))
    task.cancel()


async def test_the_same_batch_sent_twice_is_stored_once(fresh):
    _, bus = fresh
    batch = batch_of(new_id(), 0, 3)
    publisher = TelemetryPublisher(bus)
    await publisher.publish(batch)
    await publisher.publish(batch)
    assert (await bus.jetstream.stream_info("TELEMETRY")).state.messages == 1


async def test_a_batch_too_large_is_split_and_nothing_is_lost(fresh):
    _, bus = fresh
    await TelemetryPublisher(bus).publish(batch_of(new_id(), 0, 8000))
    seen: list[int] = []
    async with asyncio.timeout(60):
        async for _, batch in follow_telemetry(bus, 0):
            seen.extend(point.step for point in batch.points)
            if len(seen) == 8000:
                break
    assert sorted(seen) == list(range(8000))


async def test_not_a_number_survives_the_way(fresh):
    _, bus = fresh
    at = datetime.now(UTC)
    values = (float("nan"), float("inf"), float("-inf"))
    points = tuple(MetricPoint(key="loss", step=n, value=value, at=at) for n, value in enumerate(values))
    await TelemetryPublisher(bus).publish(
        TelemetryBatch(id=new_id(), run_id=new_id(), attempt=1, points=points)
    )
    async with asyncio.timeout(5):
        async for _, batch in follow_telemetry(bus, 0):
            assert [str(point.value) for point in batch.points] == ["nan", "inf", "-inf"]
            break


async def test_telemetry_is_republished_live_with_its_sequence(fresh):
    _, bus = fresh
    batch = batch_of(new_id(), 0, 1)
    heard = bus.listen(f"live.telemetry.{batch.run_id}.>")
    first = asyncio.ensure_future(anext(heard))
    await asyncio.sleep(0.1)
    await TelemetryPublisher(bus).publish(batch)
    message = await asyncio.wait_for(first, 5)
    assert message.sequence == 1
    assert TelemetryBatch.model_validate_json(message.data) == batch


@pytest.mark.parametrize("text", ["a.b", "*", ">", "", "A", "a b", "ä"])
def test_a_token_that_could_mean_more_is_refused(text: str):
    with pytest.raises(ValueError, match="not a subject token"):
        token(text)
