"""The streams: declared once, made or updated, and compared with what the server says it made."""

from datetime import timedelta

import nats.js.errors
from nats.js.api import DiscardPolicy, RePublish, RetentionPolicy, StorageType, StreamConfig

from libs.common.bus.client import Bus
from libs.common.errors import ModelyardError

FACTS = "FACTS"
TELEMETRY = "TELEMETRY"
TASKS = "TASKS"
DEAD_LETTERS = "DEAD_LETTERS"
DUPLICATE_WINDOW = timedelta(minutes=10)


class StreamDiffers(ModelyardError):
    code, title = "stream_differs", "The server made another stream than it was asked for"


def _stream(
    name: str, subjects: str, max_age: timedelta, *, live: bool = False, work_queue: bool = False
) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subjects],
        retention=RetentionPolicy.WORK_QUEUE if work_queue else RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=max_age.total_seconds(),
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        republish=RePublish(src=subjects, dest=f"live.{subjects}") if live else None,
    )


STREAMS = (
    _stream(FACTS, "facts.>", timedelta(days=30), live=True),
    _stream(TELEMETRY, "telemetry.>", timedelta(days=7), live=True),
    _stream(TASKS, "tasks.>", timedelta(days=7), work_queue=True),
    _stream(DEAD_LETTERS, "dlq.>", timedelta(days=30)),
)
_COMPARED = ("subjects", "retention", "storage", "max_age", "duplicate_window")


async def ensure_streams(bus: Bus) -> None:
    """Safe to call at any time by anyone; raises StreamDiffers where an old server ignored what was asked."""
    for wanted in STREAMS:
        try:
            made = await bus.jetstream.add_stream(wanted)
        except nats.js.errors.BadRequestError:
            made = await bus.jetstream.update_stream(wanted)
        compare(wanted, made.config)


def compare(wanted: StreamConfig, made: StreamConfig) -> None:
    differing = [name for name in _COMPARED if getattr(wanted, name) != getattr(made, name)]
    if wanted.republish and (made.republish is None or made.republish.dest != wanted.republish.dest):
        differing.append("republish")
    if differing:
        raise StreamDiffers(f"stream {wanted.name}: {', '.join(differing)}")
