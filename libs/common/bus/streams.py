"""The streams, declared once; they and consumers are compared with what the server says it made."""

from dataclasses import fields
from datetime import timedelta
from typing import TypeVar

import nats.js.errors
from nats.js.api import ConsumerConfig, DiscardPolicy, RePublish, RetentionPolicy, StorageType, StreamConfig

from libs.common.bus.client import Bus
from libs.common.errors import ModelyardError
from libs.common.log import get_logger

FACTS = "FACTS"
TELEMETRY = "TELEMETRY"
DEAD_LETTERS = "DEAD_LETTERS"
DUPLICATE_WINDOW = timedelta(minutes=10)
log = get_logger(__name__)
Config = TypeVar("Config", StreamConfig, ConsumerConfig)


class ServerDiffers(ModelyardError):
    code, title = "stream_differs", "The server made something else than it was asked for"


def _stream(name: str, subjects: str, max_age: timedelta, *, live: bool = False) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subjects],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=max_age.total_seconds(),
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        republish=RePublish(src=subjects, dest=f"live.{subjects}") if live else None,
    )


STREAMS = (
    _stream(FACTS, "facts.>", timedelta(days=30), live=True),
    _stream(TELEMETRY, "telemetry.>", timedelta(days=7), live=True),
    _stream(DEAD_LETTERS, "dlq.>", timedelta(days=30)),
)


async def ensure_streams(bus: Bus) -> None:
    """Safe to call at any time by anyone; raises ServerDiffers where an old server ignored what was asked."""
    for wanted in STREAMS:
        compare(wanted, await _make(bus, wanted))


async def _make(bus: Bus, wanted: StreamConfig) -> StreamConfig:
    try:
        return (await bus.jetstream.add_stream(wanted)).config
    except nats.js.errors.BadRequestError:
        log.info("stream_changes", stream=wanted.name)
    try:
        return (await bus.jetstream.update_stream(wanted)).config
    except (nats.js.errors.BadRequestError, nats.js.errors.ServerError) as error:
        raise ServerDiffers(f"{wanted.name}: {error.description}") from error


async def ensure_consumer(bus: Bus, stream: str, wanted: ConsumerConfig) -> str:
    """Its name; makes the streams again if the server has lost them."""
    try:
        made = await bus.jetstream.add_consumer(stream, wanted)
    except nats.js.errors.NotFoundError:
        await ensure_streams(bus)
        made = await bus.jetstream.add_consumer(stream, wanted)
    compare(wanted, made.config)
    return made.name


def compare(wanted: Config, made: Config) -> None:
    """nats-server 2.9 accepts options it does not know; only its answer, without them, tells."""
    differing = [
        field.name
        for field in fields(wanted)
        if (asked := getattr(wanted, field.name)) is not None and asked != getattr(made, field.name)
    ]
    if differing:
        raise ServerDiffers(f"{wanted.name}: {', '.join(differing)}")
