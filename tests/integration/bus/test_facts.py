"""How facts that cannot take effect end, and what a server that promises less than asked is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig

from libs.common.bus import Bus, EventDoor, RequestContext, consume, current_context, ensure_streams
from libs.common.bus import events as events_module
from libs.common.bus.streams import DEAD_LETTERS, FACTS, STREAMS, ServerDiffers, compare, ensure_consumer
from libs.common.contracts.base import Fact, FactEnvelope
from libs.common.errors import Unavailable
from libs.common.ids import new_id
from tests.integration.bus.conftest import opener
from tests.nats import NatsServer


class LampLit(Fact, noun="lamp", past="lit"):
    lamp_id: UUID
    text: str


class LampLitBefore(Fact):
    """The same fact as an older room would have written it: without its text."""

    lamp_id: UUID


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[tuple[NatsServer, Bus]]:
    server = NatsServer(tmp_path)
    server.start()
    bus = await Bus.connect(server.settings, "room")
    await ensure_streams(bus)
    yield server, bus
    await bus.close()
    server.stop()


@pytest.fixture
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "BACKOFF_SECONDS", (0.05, 0.05))


async def announce(bus: Bus, text: str, by: RequestContext | None = None) -> None:
    """As the relay does it, headers included."""
    await publish(bus, LampLit(lamp_id=new_id(), text=text), by)


async def publish(bus: Bus, fact: LampLit | LampLitBefore, by: RequestContext | None = None) -> None:
    envelope = FactEnvelope(
        id=new_id(),
        type=LampLit.type_name(),
        schema_version=1,
        aggregate_id=str(fact.lamp_id),
        sequence=1,
        occurred_at=datetime.now(UTC),
        data=fact.model_dump(mode="json"),
    )
    headers = {**(by.headers() if by else {}), "Nats-Msg-Id": str(envelope.id)}
    await bus.jetstream.publish(
        f"facts.lamp.lit.{fact.lamp_id}", envelope.model_dump_json().encode(), stream=FACTS, headers=headers
    )


@asynccontextmanager
async def consuming(bus: Bus, reaction: Callable[[LampLit], None]) -> AsyncIterator[asyncio.Task[None]]:
    door = EventDoor()

    @door.on
    async def react(fact: LampLit, service: object) -> None:
        reaction(fact)

    task = asyncio.create_task(consume(bus, "test", door, opener()))
    yield task
    assert not task.done()
    task.cancel()
    await asyncio.wait({task})


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def letters(bus: Bus, at_least: int, seconds: float = 10) -> int:
    async with asyncio.timeout(seconds):
        while True:
            found = (await bus.jetstream.stream_info(DEAD_LETTERS)).state.messages
            if found >= at_least:
                return found
            await asyncio.sleep(0.02)


def refuse(fact: LampLit) -> None:
    raise LookupError(fact.text)


async def test_a_dead_letter_carries_the_fact_the_reason_and_who_caused_it(
    fresh: tuple[NatsServer, Bus], short_backoff: None
):
    _, bus = fresh
    async with consuming(bus, refuse):
        await announce(bus, "never", RequestContext("r-3", "ada"))
        assert await letters(bus, 1) == 1
    letter = await bus.jetstream.get_msg(DEAD_LETTERS, seq=1)
    assert letter.headers is not None
    assert letter.headers["Modelyard-Reason"] == "LookupError"
    assert letter.headers["Modelyard-Request-Id"] == "r-3"
    assert FactEnvelope.model_validate_json(letter.data or b"").data["text"] == "never"


async def test_a_fact_behind_one_that_fails_does_not_wait_for_it(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    done: list[str] = []

    def react(fact: LampLit) -> None:
        if fact.text == "first":
            refuse(fact)
        done.append(fact.text)

    async with consuming(bus, react):
        await announce(bus, "first")
        await announce(bus, "second")
        await until(lambda: done == ["second"], seconds=3)


async def test_a_fact_that_cannot_be_read_is_given_up_at_once(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    async with consuming(bus, refuse):
        await publish(bus, LampLitBefore(lamp_id=new_id()))
        assert await letters(bus, 1, seconds=3) == 1


async def test_a_fact_is_never_given_up_because_the_database_was_away(
    fresh: tuple[NatsServer, Bus], short_backoff: None
):
    _, bus = fresh
    tries: list[str] = []

    def react(fact: LampLit) -> None:
        tries.append(fact.text)
        if len(tries) < 6:
            raise Unavailable("the database is away")

    async with consuming(bus, react):
        await announce(bus, "patient")
        await until(lambda: len(tries) == 6)
        await asyncio.sleep(0.2)
    assert await letters(bus, 0) == 0
    assert len(tries) == 6


async def test_a_dead_letter_that_cannot_be_written_is_tried_again_and_ends_no_room(
    fresh: tuple[NatsServer, Bus], short_backoff: None, monkeypatch: pytest.MonkeyPatch
):
    _, bus = fresh
    monkeypatch.setattr(events_module, "ACK_WAIT_SECONDS", 0.5)
    await bus.jetstream.delete_stream(DEAD_LETTERS)
    tries: list[str] = []

    def react(fact: LampLit) -> None:
        tries.append(fact.text)
        refuse(fact)

    async with consuming(bus, react):
        await announce(bus, "never")
        await until(lambda: len(tries) >= 4)
        await ensure_streams(bus)
        assert await letters(bus, 1) == 1


async def test_a_fact_whose_acknowledgement_was_lost_takes_effect_once(
    fresh: tuple[NatsServer, Bus], monkeypatch: pytest.MonkeyPatch
):
    """The room dies between its commit and the acknowledgement; another instance gets the fact again."""
    _, bus = fresh
    monkeypatch.setattr(events_module, "ACK_WAIT_SECONDS", 0.5)
    effects: list[str] = []
    open_unit = opener()
    door = EventDoor()

    @door.on
    async def react(fact: LampLit, service: object) -> None:
        effects.append(fact.text)

    @asynccontextmanager
    async def dying_after_commit():
        async with open_unit() as unit:
            yield unit
        raise asyncio.CancelledError

    await announce(bus, "once")
    first = asyncio.create_task(consume(bus, "test", door, dying_after_commit))
    await until(lambda: effects == ["once"])
    first.cancel()
    await asyncio.wait({first})
    second = asyncio.create_task(consume(bus, "test", door, open_unit))
    async with asyncio.timeout(10):
        while (await bus.jetstream.consumer_info(FACTS, "test-lamp-lit")).ack_floor.stream_seq < 1:
            await asyncio.sleep(0.05)
    assert (await bus.jetstream.consumer_info(FACTS, "test-lamp-lit")).delivered.consumer_seq >= 2
    assert effects == ["once"]
    second.cancel()
    await asyncio.wait({second})


async def test_a_room_told_to_stop_stops_although_the_word_was_lost_on_the_way(
    fresh: tuple[NatsServer, Bus],
):
    """In Python 3.11 `wait_for` forgets a cancel that comes together with its result."""
    _, bus = fresh
    answer = asyncio.get_running_loop().create_future()
    waiting = asyncio.Event()
    door = EventDoor()

    @door.on
    async def react(fact: LampLit, service: object) -> None:
        waiting.set()
        await asyncio.wait_for(answer, 5)

    task = asyncio.create_task(consume(bus, "test", door, opener()))
    await announce(bus, "one")
    await waiting.wait()
    await asyncio.sleep(0.05)
    answer.set_result(None)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()


async def test_two_instances_of_a_room_share_its_facts(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    done: list[str] = []
    async with (
        consuming(bus, lambda fact: done.append(fact.text)),
        consuming(bus, lambda fact: done.append(fact.text)),
    ):
        for number in range(30):
            await announce(bus, str(number))
        await until(lambda: len(done) == 30)
        await asyncio.sleep(0.1)
    assert sorted(done, key=int) == [str(number) for number in range(30)]


async def test_who_caused_a_fact_is_known_where_it_takes_effect(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    actors: list[str | None] = []
    async with consuming(bus, lambda _: actors.append(current_context().actor)):
        await announce(bus, "by ada", RequestContext("r-9", "ada"))
        await until(lambda: actors == ["ada"])


async def test_what_an_old_server_ignores_in_silence_is_told(fresh: tuple[NatsServer, Bus]):
    """nats-server 2.9 answers yes to both and does neither."""
    _, bus = fresh
    several = ConsumerConfig(
        durable_name="picky",
        ack_policy=AckPolicy.EXPLICIT,
        filter_subjects=["facts.lamp.lit.*", "facts.kettle.boiled.*"],
    )
    with pytest.raises(ServerDiffers, match="filter_subjects"):
        await ensure_consumer(bus, FACTS, several)
    wanted = StreamConfig(name="LABELLED", subjects=["labelled.>"], metadata={"owner": "nobody"})
    made = await bus.jetstream.add_stream(wanted)
    with pytest.raises(ServerDiffers, match="metadata"):
        compare(wanted, made.config)


async def test_a_stream_that_was_changed_by_hand_is_as_declared_again(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    facts = next(stream for stream in STREAMS if stream.name == FACTS)
    await bus.jetstream.update_stream(facts.evolve(max_age=60.0, duplicate_window=10.0))
    await ensure_streams(bus)
    assert (await bus.jetstream.stream_info(FACTS)).config.max_age == facts.max_age


async def test_a_stream_that_cannot_become_as_declared_is_an_error(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    facts = next(stream for stream in STREAMS if stream.name == FACTS)
    await bus.jetstream.delete_stream(FACTS)
    await bus.jetstream.add_stream(StreamConfig(name=FACTS, subjects=facts.subjects, storage="memory"))
    with pytest.raises(ServerDiffers, match="storage type"):
        await ensure_streams(bus)
