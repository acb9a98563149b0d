"""Telemetry: published until acknowledged, followed without a gap."""

from collections.abc import AsyncIterator
from uuid import uuid5

import nats.errors
import nats.js.errors
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamInfo

from libs.common.bus.client import Bus, BusUnavailable
from libs.common.bus.pull import Puller
from libs.common.bus.streams import TELEMETRY, ensure_consumer, ensure_streams
from libs.common.bus.subjects import telemetry
from libs.common.contracts.telemetry import TelemetryBatch
from libs.common.ids import new_id
from libs.common.log import get_logger

MAX_BATCH_BYTES = 512 * 1024
ACK_SECONDS = 5.0
PULL_BATCH = 500
INACTIVE_SECONDS = 60.0
log = get_logger(__name__)


class TelemetryPublisher:
    """A worker's side: a batch is in the stream once, however often it is sent."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def publish(self, batch: TelemetryBatch) -> None:
        """Returns when the stream has it; BusUnavailable means: keep it and send the same batch again."""
        payload = batch.model_dump_json().encode()
        if len(payload) > MAX_BATCH_BYTES and len(batch.points) + len(batch.logs) > 1:
            for half in _halves(batch):
                await self.publish(half)
            return
        self._bus.require_connection()
        self._bus.require_size(payload, {})
        try:
            await self._send(telemetry(batch.run_id), payload, str(batch.id))
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable("the batch was not acknowledged") from error

    async def _send(self, subject: str, payload: bytes, message_id: str) -> None:
        """A stream that the server has lost is made again by the rooms: a worker waits, for it may not."""
        headers = {"Nats-Msg-Id": message_id}
        await self._bus.jetstream.publish(
            subject, payload, timeout=ACK_SECONDS, stream=TELEMETRY, headers=headers
        )


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


async def follow_telemetry(
    bus: Bus, after_sequence: int, epoch: str | None = None
) -> AsyncIterator[tuple[int, TelemetryBatch]]:
    """(sequence, batch) of every batch after `after_sequence`, in order, none twice, for ever.

    A stream that was made anew counts from 1 again, and so do the sequences. Who keeps the sequence from one
    process to the next keeps `telemetry_epoch` with it: without, a new stream that has outgrown the old one
    looks like the old one.
    """
    place = _Place(bus, after_sequence, epoch)
    puller = Puller(bus, TELEMETRY, place.consumer, PULL_BATCH)
    async for message in puller.messages():
        if not place.follows(message):
            log.warning("telemetry_gap", after_sequence=place.sequence)
            puller.renew()
            continue
        yield place.sequence, TelemetryBatch.model_validate_json(message.data)


async def telemetry_epoch(bus: Bus) -> str:
    """Which stream the sequences count in: another one has another epoch."""
    return str((await _stream_info(bus)).created)


class _Place:
    """How far a follower is, and whether the next message is the next one.

    A consumer counts its deliveries: a number left out was lost on its way here, while batches that have
    expired leave a hole in the stream's numbers only.
    """

    def __init__(self, bus: Bus, sequence: int, epoch: str | None) -> None:
        self.sequence = sequence
        self._bus = bus
        self._epoch = epoch
        self._num_delivered = 0

    def follows(self, message: Msg) -> bool:
        position = message.metadata.sequence
        if position.consumer != self._num_delivered + 1:
            return False
        self._num_delivered += 1
        self.sequence = position.stream
        return True

    async def consumer(self) -> str:
        """A new one behind the last batch seen: an acknowledgement of none remembers nothing for us."""
        stream = await _stream_info(self._bus)
        epoch = str(stream.created)
        if epoch != (self._epoch or epoch):
            self.sequence = 0
        elif stream.state.last_seq < self.sequence:
            # The same stream without its end (the disk never had it), or one that we know nothing about.
            self.sequence = stream.state.last_seq if self._epoch else 0
        self._epoch, self._num_delivered = epoch, 0
        return await _consumer_after(self._bus, self.sequence)


async def _stream_info(bus: Bus) -> StreamInfo:
    try:
        return await bus.jetstream.stream_info(TELEMETRY)
    except nats.js.errors.NotFoundError:
        await ensure_streams(bus)
        return await bus.jetstream.stream_info(TELEMETRY)


async def _consumer_after(bus: Bus, sequence: int) -> str:
    wanted = ConsumerConfig(
        name=f"follow-{new_id().hex[-12:]}",
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=sequence + 1,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=INACTIVE_SECONDS,
        mem_storage=True,
    )
    return await ensure_consumer(bus, TELEMETRY, wanted)
