"""Broken connections, a lost store, a stream made anew: those who follow lose nothing and double nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.common.bus import Bus, TelemetryPublisher, ensure_streams, follow_telemetry, telemetry_epoch
from libs.common.bus.client import BusUnavailable
from libs.common.bus.streams import TELEMETRY
from libs.common.contracts.telemetry import LogLine, MetricPoint, Progress, TelemetryBatch
from libs.common.ids import new_id
from tests.nats import NatsServer


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[tuple[NatsServer, Bus]]:
    server = NatsServer(tmp_path)
    server.start()
    bus = await Bus.connect(server.settings, "worker")
    await ensure_streams(bus)
    yield server, bus
    await bus.close()
    server.stop()


class Follower:
    """Notes the steps it is told, in the order in which it is told them."""

    def __init__(self, bus: Bus, after_sequence: int = 0, epoch: str | None = None) -> None:
        self.steps: list[int] = []
        self.sequence = after_sequence
        self._task = asyncio.create_task(self._follow(bus, epoch))

    async def _follow(self, bus: Bus, epoch: str | None) -> None:
        async for sequence, batch in follow_telemetry(bus, self.sequence, epoch):
            self.sequence = sequence
            self.steps.extend(point.step for point in batch.points[:1])

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


def batch_of(step: int, size: int = 1) -> TelemetryBatch:
    at = datetime.now(UTC)
    points = tuple(MetricPoint(key="k" * 150, step=step, value=0.0, at=at) for _ in range(size))
    return TelemetryBatch(id=new_id(), run_id=new_id(), attempt=1, points=points)


async def send(bus: Bus, steps: range, size: int = 1) -> None:
    publisher = TelemetryPublisher(bus)
    for first in range(steps.start, steps.stop, 50):
        some = range(first, min(first + 50, steps.stop))
        await asyncio.gather(*(publisher.publish(batch_of(step, size)) for step in some))


async def insist(bus: Bus, steps: range) -> None:
    """As a worker does: kept, and sent again until the stream, which rooms make anew, has it."""
    publisher = TelemetryPublisher(bus)
    async with asyncio.timeout(20):
        for batch in map(batch_of, steps):
            while True:
                try:
                    await publisher.publish(batch)
                    break
                except BusUnavailable:
                    await asyncio.sleep(0.1)


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_batches_lost_on_a_broken_connection_are_read_again(fresh: tuple[NatsServer, Bus]):
    """The server lives on and believes them delivered: 65 of 3,000 were lost here once."""
    server, bus = fresh
    follower_bus = await Bus.connect(server.settings, "follower")
    follower = Follower(follower_bus)

    async def break_the_line() -> None:
        for _ in range(5):
            await asyncio.sleep(0.2)
            follower_bus.client._transport._io_writer.transport.abort()

    breaking = asyncio.create_task(break_the_line())
    await send(bus, range(2000), size=40)
    await breaking
    await until(lambda: len(follower.steps) >= 2000)
    assert sorted(follower.steps) == list(range(2000))
    await follower.stop()
    await follower_bus.close()


async def test_a_stream_made_anew_is_followed_from_its_beginning(fresh: tuple[NatsServer, Bus]):
    """Even when it has outgrown the old one before the follower looks again."""
    _, bus = fresh
    follower = Follower(bus)
    await send(bus, range(5))
    await until(lambda: len(follower.steps) == 5)
    await bus.jetstream.delete_stream(TELEMETRY)
    await ensure_streams(bus)
    await send(bus, range(5, 15))
    await until(lambda: len(follower.steps) == 15)
    assert sorted(follower.steps[5:]) == list(range(5, 15))
    await follower.stop()


async def test_a_follower_that_was_away_knows_another_stream_by_its_epoch(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    await send(bus, range(3))
    epoch = await telemetry_epoch(bus)
    await bus.jetstream.delete_stream(TELEMETRY)
    await ensure_streams(bus)
    await send(bus, range(3, 10))
    follower = Follower(bus, after_sequence=3, epoch=epoch)
    await until(lambda: len(follower.steps) == 7)
    assert sorted(follower.steps) == list(range(3, 10))
    await follower.stop()


async def test_a_follower_goes_on_behind_what_it_has_stored(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    await TelemetryPublisher(bus).publish(batch_of(0))
    await TelemetryPublisher(bus).publish(batch_of(1))
    follower = Follower(bus, after_sequence=1, epoch=await telemetry_epoch(bus))
    await until(lambda: follower.steps == [1])
    assert follower.sequence == 2
    await follower.stop()


async def test_batches_that_have_expired_are_no_gap(fresh: tuple[NatsServer, Bus]):
    _, bus = fresh
    await send(bus, range(10))
    await bus.jetstream.delete_msg(TELEMETRY, 4)
    await bus.jetstream.purge_stream(TELEMETRY, seq=3)
    follower = Follower(bus)
    await until(lambda: follower.sequence == 10)
    assert len(follower.steps) == 7
    await follower.stop()


async def test_publisher_and_follower_go_on_when_the_store_was_lost(fresh: tuple[NatsServer, Bus]):
    server, bus = fresh
    follower = Follower(bus)
    await send(bus, range(3))
    await until(lambda: len(follower.steps) == 3)
    server.kill()
    server.lose_store()
    await until(lambda: not bus.is_connected)
    with pytest.raises(BusUnavailable):
        await send(bus, range(3, 4))
    server.start()
    await until(lambda: bus.is_connected)
    await insist(bus, range(3, 6))
    await until(lambda: len(follower.steps) == 6)
    await follower.stop()


async def test_following_goes_on_within_a_second_of_the_reconnect(fresh: tuple[NatsServer, Bus]):
    """nats-py's own `fetch` would sleep for 4 to 29 s."""
    server, bus = fresh
    follower = Follower(bus)
    await send(bus, range(1))
    await until(lambda: follower.steps == [0])
    server.kill()
    server.start()
    await until(lambda: bus.client.stats["reconnects"] == 1 and bus.is_connected)
    await send(bus, range(1, 2))
    await until(lambda: follower.steps == [0, 1], seconds=1)
    await follower.stop()


async def test_a_split_batch_keeps_its_one_word_of_progress_and_stays_the_same_when_sent_again(
    fresh: tuple[NatsServer, Bus],
):
    _, bus = fresh
    at = datetime.now(UTC)
    large = batch_of(0, size=6000).model_copy(
        update={
            "logs": (LogLine(at=at, text="epoch 1", seq=0),),
            "progress": Progress(fraction=0.5, eta_seconds=float("inf")),
        }
    )
    await TelemetryPublisher(bus).publish(large)
    num_messages = (await bus.jetstream.stream_info(TELEMETRY)).state.messages
    await TelemetryPublisher(bus).publish(large)
    assert num_messages > 1
    assert (await bus.jetstream.stream_info(TELEMETRY)).state.messages == num_messages
    stored = [await _stored(bus, sequence) for sequence in range(1, num_messages + 1)]
    assert sum(len(batch.points) for batch in stored) == 6000
    assert len([batch.progress for batch in stored if batch.progress]) == 1
    assert [line.text for batch in stored for line in batch.logs] == ["epoch 1"]


async def _stored(bus: Bus, sequence: int) -> TelemetryBatch:
    message = await bus.jetstream.get_msg(TELEMETRY, seq=sequence)
    return TelemetryBatch.model_validate_json(message.data or b"")
