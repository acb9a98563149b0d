"""What a room says of itself (ADR-32): `$SRV.PING`, `$SRV.INFO`, `$SRV.STATS`."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from libs.common.bus.client import Bus

QUEUE_GROUP = "q"
VERSION = "1.0.0"
READY_SECONDS = 5.0


@dataclass
class Counts:
    """Of one endpoint, since the room started."""

    num_requests: int = 0
    num_errors: int = 0
    last_error: str = ""
    processing_ns: int = 0

    def add(self, duration_ns: int, error: str | None = None) -> None:
        self.num_requests += 1
        self.processing_ns += duration_ns
        if error is not None:
            self.num_errors += 1
            self.last_error = error

    def described(self) -> dict[str, Any]:
        return {
            "num_requests": self.num_requests,
            "num_errors": self.num_errors,
            "last_error": self.last_error,
            "processing_time": self.processing_ns,
            "average_processing_time": self.processing_ns // max(self.num_requests, 1),
        }


@dataclass(frozen=True)
class Discovery:
    """`counts` by subject."""

    bus: Bus
    room: str
    counts: dict[str, Counts]
    started: float = field(default_factory=time.time)

    async def announce(self) -> list[Subscription]:
        """To all rooms at once, to this room, and to this instance of it; returns when the server knows."""
        subscriptions = [
            await self.bus.client.subscribe(f"$SRV.{verb}{suffix}", cb=_describer(describe))
            for verb, describe in (("PING", self.ping), ("INFO", self.info), ("STATS", self.stats))
            for suffix in ("", f".{self.room}", f".{self.room}.{self.bus.id}")
        ]
        # Asking oneself comes after every subscription made before it; nats-py's `flush` overtakes them.
        await self.bus.client.request(f"$SRV.PING.{self.room}.{self.bus.id}", timeout=READY_SECONDS)
        return subscriptions

    def ping(self) -> dict[str, Any]:
        return {"type": "io.nats.micro.v1.ping_response", **self._identity()}

    def info(self) -> dict[str, Any]:
        endpoints = [_endpoint(subject) for subject in self.counts]
        return {
            "type": "io.nats.micro.v1.info_response",
            **self._identity(),
            "description": f"Modelyard: {self.room}",
            "endpoints": endpoints,
        }

    def stats(self) -> dict[str, Any]:
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started))
        endpoints = [_endpoint(subject) | counts.described() for subject, counts in self.counts.items()]
        return {
            "type": "io.nats.micro.v1.stats_response",
            **self._identity(),
            "started": started,
            "endpoints": endpoints,
        }

    def _identity(self) -> dict[str, Any]:
        return {"name": self.room, "id": self.bus.id, "version": VERSION, "metadata": {}}


def _endpoint(subject: str) -> dict[str, Any]:
    return {"name": "-".join(subject.split(".")[2:]), "subject": subject, "queue_group": QUEUE_GROUP}


def _describer(describe: Callable[[], dict[str, Any]]) -> Callable[[Msg], Awaitable[None]]:
    async def reply(message: Msg) -> None:
        if message.reply:
            await message.respond(json.dumps(describe()).encode())

    return reply
