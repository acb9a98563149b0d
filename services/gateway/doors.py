"""What a route reaches the house through: the bus, the store for streams, the gateway's own tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from libs.common.bus import Bus
from libs.common.contracts.access import Caller
from libs.common.contracts.base import Request as BusRequest
from libs.common.db import Database
from libs.common.storage import Storage
from services.gateway.live import LiveFeed
from services.gateway.places import Places
from services.gateway.recognition import Recognition
from services.gateway.repository import Repository
from services.gateway.settings import Settings
from services.gateway.tokens import TokenService, digest

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Doors:
    settings: Settings
    bus: Bus
    database: Database
    storage: Storage
    feed: LiveFeed
    recognition: Recognition = field(default_factory=Recognition)
    places: Places = field(default_factory=Places)

    async def ask(self, request: BusRequest[Answer], *, timeout_seconds: float | None = None) -> Answer:
        return await self.bus.ask(
            request, timeout_seconds=timeout_seconds or self.settings.ask_timeout_seconds
        )

    async def caller(self, secret: str) -> Caller:
        """Raises TokenIsUnknown or TokenIsExpired."""
        hashed = digest(secret, self.settings.token_key.get_secret_value())
        caller = self.recognition.get(hashed)
        if caller is None:
            async with self.tokens() as tokens:
                caller = await tokens.caller(hashed)
            self.recognition.remember(hashed, caller)
        return caller

    @asynccontextmanager
    async def tokens(self) -> AsyncIterator[TokenService]:
        async with self.database.transaction() as session:
            yield TokenService(Repository(session), self.settings.token_key.get_secret_value())

    @asynccontextmanager
    async def repository(self) -> AsyncIterator[Repository]:
        async with self.database.transaction() as session:
            yield Repository(session)


def doors_of(request: Request) -> Doors:
    return request.app.state.doors


async def the_doors(request: Request) -> Doors:
    """FastAPI carries what is not async into a thread, which costs more than this does."""
    return doors_of(request)


House = Annotated[Doors, Depends(the_doors)]
