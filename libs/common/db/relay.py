"""The relay: one per system, publishes the outbox in order and repairs what JetStream lost."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
import nats.errors
import nats.js.errors

from libs.common.bus import Bus, ensure_streams
from libs.common.bus.streams import FACTS
from libs.common.cancellation import end_if_cancelled
from libs.common.contracts.base import FactEnvelope
from libs.common.db.database import Database
from libs.common.errors import ModelyardError
from libs.common.log import get_logger

log = get_logger(__name__)

RELAY_LOCK = 0x6D6F64656C03
POLL_SECONDS = 1.0
PUBLISH_TIMEOUT_SECONDS = 5.0
BATCH = 200
# As long as the stream keeps facts; inbox rows stay longer, so that a fact republished late is still known.
FACT_LIFETIME = timedelta(days=30)
INBOX_LIFETIME = timedelta(days=60)
PRUNE_SECONDS = 3600.0

UNPUBLISHED = """
    SELECT id, uuid, type, schema_version, aggregate_id, sequence, occurred_at, project_id, payload, headers
    FROM platform.outbox WHERE published_at IS NULL ORDER BY id LIMIT $1
"""
PUBLISHED = """
    WITH remembered AS (
        UPDATE platform.relay SET last_sequence = greatest(last_sequence, $2) WHERE stream = $3
    )
    UPDATE platform.outbox SET published_at = clock_timestamp(), stream_sequence = $2 WHERE id = $1
"""
REMEMBER = """
    INSERT INTO platform.relay (stream, created, last_sequence) VALUES ($1, $2, $3)
    ON CONFLICT (stream) DO UPDATE SET created = excluded.created, last_sequence = excluded.last_sequence
"""
LOST = """
    UPDATE platform.outbox SET published_at = NULL, stream_sequence = NULL
    WHERE published_at IS NOT NULL AND stream_sequence > $1 AND occurred_at > clock_timestamp() - $2::interval
"""


class Relay:
    """Every room runs one; the holder of a PostgreSQL lock works, the others wait to take over.

    The lock, the reading and the marking share one connection: whoever loses it can mark nothing any more.
    Facts go one by one, since only then is the order of ids the order in the stream.
    """

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._news = asyncio.Event()
        self._kinds: set[str] = set()
        self._last_sequence = 0
        self._prune_at = 0.0

    async def run(self) -> None:
        """Until cancelled; neither the loss of PostgreSQL nor that of NATS ends it."""
        while True:
            end_if_cancelled()
            await self._attempt()
            await asyncio.sleep(POLL_SECONDS)

    async def _attempt(self) -> None:
        try:
            async with self._database.dedicated() as connection:
                await self._take_turn(connection)
                await self._follow(connection)
        except (ModelyardError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("relay_interrupted", reason=str(error))

    async def _take_turn(self, connection: asyncpg.Connection) -> None:
        """Asks again and again: waiting inside PostgreSQL would keep it from cleaning up old rows."""
        while True:
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _follow(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener("modelyard_outbox", lambda *_: self._news.set())
        await connection.add_listener("modelyard_jobs", self._hear_of_job)
        connection.add_termination_listener(lambda _: self._news.set())
        while True:
            end_if_cancelled()
            self._news.clear()
            try:
                await self._wake_workers()
                await self._repair(connection)
                await self._publish_waiting(connection)
            except (nats.errors.Error, ModelyardError) as error:
                log.warning("relay_waits_for_bus", reason=str(error) or type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)
            await self._prune(connection)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._news.wait()

    def _hear_of_job(self, *heard: Any) -> None:
        self._kinds.add(heard[-1])
        self._news.set()

    async def _wake_workers(self) -> None:
        """Lossy by design: a worker that misses the hint polls."""
        kinds, self._kinds = self._kinds, set()
        for kind in kinds:
            await self._bus.publish(f"jobs.wake.{kind}", b"")

    async def _repair(self, connection: asyncpg.Connection) -> None:
        """Compares the stream with what is remembered: another one, or an end cut off, has lost facts."""
        created, last_sequence = await self._stream_state()
        known = await connection.fetchrow(
            "SELECT created, last_sequence FROM platform.relay WHERE stream = $1", FACTS
        )
        self._last_sequence = last_sequence
        if known is not None and known["created"] != created:
            await self._publish_again(connection, after=0)
        elif known is not None and known["last_sequence"] > last_sequence:
            await self._publish_again(connection, after=last_sequence)
        if known is None or tuple(known) != (created, last_sequence):
            await connection.execute(REMEMBER, FACTS, created, last_sequence)

    async def _stream_state(self) -> tuple[str, int]:
        try:
            found = await self._bus.jetstream.stream_info(FACTS)
        except nats.js.errors.NotFoundError:
            await ensure_streams(self._bus)
            found = await self._bus.jetstream.stream_info(FACTS)
        return str(found.created), found.state.last_seq

    async def _publish_again(self, connection: asyncpg.Connection, *, after: int) -> None:
        lost = await connection.execute(LOST, after, FACT_LIFETIME)
        log.warning("stream_lost_facts", after_sequence=after, rows=lost)

    async def _publish_waiting(self, connection: asyncpg.Connection) -> None:
        while rows := await connection.fetch(UNPUBLISHED, BATCH):
            for row in rows:
                end_if_cancelled()
                await self._publish(connection, row)

    async def _publish(self, connection: asyncpg.Connection, row: asyncpg.Record) -> None:
        envelope = _envelope(row)
        ack = await self._bus.jetstream.publish(
            f"facts.{envelope.type}.{envelope.aggregate_id}",
            envelope.model_dump_json().encode(),
            timeout=PUBLISH_TIMEOUT_SECONDS,
            stream=FACTS,
            headers={**json.loads(row["headers"]), "Nats-Msg-Id": str(envelope.id)},
        )
        if ack.seq <= self._last_sequence and not ack.duplicate:
            # Nobody else publishes here: a number given twice means that what had it before is gone.
            await self._publish_again(connection, after=ack.seq - 1)
        await connection.execute(PUBLISHED, row["id"], ack.seq, FACTS)
        if not ack.duplicate:
            self._last_sequence = ack.seq

    async def _prune(self, connection: asyncpg.Connection) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._prune_at:
            return
        self._prune_at = now + PRUNE_SECONDS
        await connection.execute(
            "DELETE FROM platform.outbox WHERE published_at < clock_timestamp() - $1::interval", FACT_LIFETIME
        )
        await connection.execute(
            "DELETE FROM platform.inbox WHERE received_at < clock_timestamp() - $1::interval", INBOX_LIFETIME
        )


def _envelope(row: asyncpg.Record) -> FactEnvelope:
    return FactEnvelope(
        id=row["uuid"],
        type=row["type"],
        schema_version=row["schema_version"],
        aggregate_id=row["aggregate_id"],
        sequence=row["sequence"],
        occurred_at=row["occurred_at"],
        project_id=row["project_id"],
        data=json.loads(row["payload"]),
    )
