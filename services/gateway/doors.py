"""What a route reaches the house through: the bus, the store for streams, the gateway's own tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from libs.common.bus import Bus
from libs.common.bus.lasting import ask_for_long
from libs.common.contracts.access import Caller
from libs.common.contracts.base import Request as BusRequest
from libs.common.db import Database
from libs.common.room import Unit
from libs.common.storage import Storage
from services.gateway.live import LiveFeed
from services.gateway.owners import Owners
from services.gateway.people.digests import digest
from services.gateway.people.people import People
from services.gateway.people.recognition import Recognition
from services.gateway.places import Places
from services.gateway.repository.answers import Answers
from services.gateway.seeing import limited
from services.gateway.settings import Settings

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
    owners: Owners = field(default_factory=Owners)

    async def ask(self, request: BusRequest[Answer], *, timeout_seconds: float | None = None) -> Answer:
        """About things that are limited to what the caller may see (`seeing.py`)."""
        return await self.bus.ask(
            limited(request), timeout_seconds=timeout_seconds or self.settings.ask_timeout_seconds
        )

    async def ask_for_long(self, request: BusRequest[Answer], *, timeout_seconds: float) -> Answer:
        """For minutes; told when the room is started again."""
        return await ask_for_long(self.bus, limited(request), timeout_seconds)

    async def caller(self, secret: str) -> Caller:
        """Raises TokenIsUnknown, TokenIsExpired or AccountIsInactive."""
        hashed = digest(secret, self._key)
        caller = self.recognition.get(hashed)
        if caller is None:
            state = self.recognition.state
            async with self.people() as people:
                caller = await people.recognising.caller(hashed)
            self.recognition.remember(hashed, caller, state)
        return caller

    @asynccontextmanager
    async def people(self) -> AsyncIterator[People]:
        """To look; for changes there is `changing_people`."""
        async with self.database.transaction() as session:
            yield People(session, self._key)

    @asynccontextmanager
    async def changing_people(self) -> AsyncIterator[People]:
        """What may be done afterwards counts from the next request on."""
        async with self.people() as people:
            yield people
            await people.announce_change()
        self.recognition.forget_all()

    def people_changed(self) -> None:
        """Here or at another gateway."""
        self.recognition.forget_all()
        self.feed.look_again()

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit[People]]:
        """For a fact: one transaction with the inbox."""
        async with self.database.transaction() as session:
            people = People(session, self._key)
            yield Unit(people, session)
            await people.announce_change()

    @asynccontextmanager
    async def answers(self) -> AsyncIterator[Answers]:
        async with self.database.transaction() as session:
            yield Answers(session)

    @property
    def _key(self) -> str:
        return self.settings.token_key.get_secret_value()


def doors_of(request: Request) -> Doors:
    return request.app.state.doors


async def the_doors(request: Request) -> Doors:
    """FastAPI carries what is not async into a thread, which costs more than this does."""
    return doors_of(request)


House = Annotated[Doors, Depends(the_doors)]
