"""Telemetry: published until acknowledged, followed without a gap."""

from collections.abc import AsyncIterator
from uuid import uuid5

import nats.errors
import nats.js.errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.common.bus.client import Bus, BusUnavailable
from libs.common.bus.pull import ConsumerIsGone, Puller
from libs.common.bus.streams import TELEMETRY, ensure_streams
from libs.common.bus.subjects import telemetry
from libs.common.contracts.telemetry import TelemetryBatch
from libs.common.ids import new_id

MAX_BATCH_BYTES = 512 * 1024
ACK_SECONDS = 5.0
PULL_BATCH = 500
INACTIVE_SECONDS = 60.0


class TelemetryPublisher:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def publish(self, batch: TelemetryBatch) -> None:
        """Returns when the stream has it; BusUnavailable means: keep it and send the same batch again."""
        payload = batch.model_dump_json().encode()
        if len(payload) > MAX_BATCH_BYTES and len(batch.points) + len(batch.logs) > 1:
            for half in _halves(batch):
                await self.publish(half)
            return
        self._bus.require_size(payload, {})
        try:
            await self._bus.jetstream.publish(
                telemetry(batch.run_id),
                payload,
                timeout=ACK_SECONDS,
                stream=TELEMETRY,
                headers={"Nats-Msg-Id": str(batch.id)},
            )
        except (nats.js.errors.NotFoundError, nats.js.errors.NoStreamResponseError) as error:
            await ensure_streams(self._bus)
            raise BusUnavailable("the telemetry stream was made anew") from error
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise BusUnavailable("the batch was not acknowledged") from error


def _halves(batch: TelemetryBatch) -> tuple[TelemetryBatch, TelemetryBatch]:
    """Ids are made from the batch's own, so that sending it again is still sending the same."""
    points, logs = len(batch.points) // 2, len(batch.logs) // 2
    first = batch.model_copy(
        update={"id": uuid5(batch.id, "0"), "points": batch.points[:points], "logs": batch.logs[:logs]}
    )
    second = batch.model_copy(
        update={
            "id": uuid5(batch.id, "1"),
            "points": batch.points[points:],
            "logs": batch.logs[logs:],
            "progress": None,
        }
    )
    return first, second


async def follow_telemetry(bus: Bus, after_sequence: int) -> AsyncIterator[tuple[int, TelemetryBatch]]:
    """(sequence, batch) of every batch after `after_sequence`, in order, none twice, for ever.

    A stream that was made anew counts from 1 again, and so do the sequences.
    """
    last = after_sequence

    async def ensure() -> str:
        nonlocal last
        if await _last_sequence(bus) < last:
            last = 0
        return await _consumer_after(bus, last)

    async for message in Puller(bus, TELEMETRY, ensure, PULL_BATCH).messages():
        sequence = message.metadata.sequence.stream
        if sequence <= last:
            continue
        last = sequence
        yield sequence, TelemetryBatch.model_validate_json(message.data)


async def _last_sequence(bus: Bus) -> int:
    try:
        return (await bus.jetstream.stream_info(TELEMETRY)).state.last_seq
    except nats.js.errors.NotFoundError as error:
        await ensure_streams(bus)
        raise ConsumerIsGone("the stream was made anew") from error


async def _consumer_after(bus: Bus, sequence: int) -> str:
    wanted = ConsumerConfig(
        name=f"follow-{new_id().hex[-12:]}",
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=sequence + 1,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=INACTIVE_SECONDS,
        mem_storage=True,
    )
    return (await bus.jetstream.add_consumer(TELEMETRY, wanted)).name
