"""Joins the doors of the notifier room to its service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.bus import consume
from libs.common.db import Schema
from libs.common.db.inbox import Inbox
from libs.common.room import Resources, Room
from services.notifier.events import Arrival, events
from services.notifier.models import Model
from services.notifier.repository import Repository
from services.notifier.requests import requests
from services.notifier.service import Service
from services.notifier.settings import Settings

SCHEMA = Schema("notifier", Model.metadata, "services.notifier.migrations")


def open_service(_: Resources[Any], session: AsyncSession) -> Service:
    return Service(Repository(session))


async def hear_facts(resources: Resources[Any]) -> None:
    """In place of the room's usual fact door, whose functions are not told the id of the fact."""

    @asynccontextmanager
    async def open_arrival() -> AsyncIterator[Arrival]:
        async with resources.database.transaction() as session:
            yield Arrival(open_service(resources, session), Inbox(session))

    await consume(resources.bus, resources.name, events, open_arrival)


def room(settings: Settings) -> Room[Service]:
    return Room(
        name="notifier",
        settings=settings,
        schema=SCHEMA,
        service=open_service,
        requests=requests,
        background=(hear_facts,),
    )
