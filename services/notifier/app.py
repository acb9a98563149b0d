"""Joins the doors of the notifier room to its service."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.bus import consume
from libs.common.db import Schema
from libs.common.room import Resources, Room
from services.notifier.events import arrivals, events
from services.notifier.models import Model
from services.notifier.repository import Repository
from services.notifier.requests import requests
from services.notifier.service import Service
from services.notifier.settings import Settings

NAME = "notifier"
SCHEMA = Schema(NAME, Model.metadata, "services.notifier.migrations")


def service_in(session: AsyncSession) -> Service:
    return Service(Repository(session))


def open_service(_: Resources[Any], session: AsyncSession) -> Service:
    return service_in(session)


async def hear_facts(resources: Resources[Any]) -> None:
    """Beside the room's own fact door, which does not say the id of a fact."""
    await consume(resources.bus, resources.name, events, arrivals(resources.database, service_in))


def room(settings: Settings) -> Room[Service]:
    return Room(
        name=NAME,
        settings=settings,
        schema=SCHEMA,
        service=open_service,
        requests=requests,
        background=(hear_facts,),
    )
