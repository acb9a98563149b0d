"""Joins the doors of the notifier room to its service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.bus import consume
from libs.common.db import Schema
from libs.common.db.inbox import Inbox
from libs.common.log import get_logger
from libs.common.room import Resources, Room
from services.notifier.channels import kinds
from services.notifier.events import Arrival, events
from services.notifier.models import Model
from services.notifier.postman import Postman
from services.notifier.repository import Repository
from services.notifier.requests import requests
from services.notifier.seal import Seal
from services.notifier.service import Service
from services.notifier.settings import Settings

log = get_logger(__name__)
SCHEMA = Schema("notifier", Model.metadata, "services.notifier.migrations")


def room(settings: Settings) -> Room[Service]:
    ways = kinds(settings)
    seal = Seal(settings.channel_key.get_secret_value())

    def service(_: Resources[Any], session: AsyncSession) -> Service:
        return Service(Repository(session), ways, seal, settings)

    async def tell(resources: Resources[Any]) -> None:
        """Hears facts, in place of the room's usual fact door, whose functions are not told the id of the
        fact; and sends what comes of them."""

        @asynccontextmanager
        async def open_service() -> AsyncIterator[Service]:
            async with resources.database.transaction() as session:
                yield service(resources, session)

        @asynccontextmanager
        async def open_arrival() -> AsyncIterator[Arrival]:
            async with resources.database.transaction() as session:
                yield Arrival(service(resources, session), Inbox(session))
            postman.wake()

        async with open_service() as opened:
            if num_foreign := await opened.channels.seal_all():
                log.error("channels_sealed_with_another_key", number=num_foreign)
        postman = Postman(open_service, ways)
        async with asyncio.TaskGroup() as group:
            group.create_task(consume(resources.bus, resources.name, events, open_arrival))
            group.create_task(postman.run())

    return Room(
        name="notifier",
        settings=settings,
        schema=SCHEMA,
        service=service,
        requests=requests,
        background=(tell,),
    )
