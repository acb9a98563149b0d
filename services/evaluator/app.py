"""Joins the doors of the evaluator room to its service."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobQueue
from libs.common.room import Resources, Room
from services.evaluator.events import events
from services.evaluator.jobs import jobs
from services.evaluator.models import Model
from services.evaluator.repository import Repository
from services.evaluator.requests import requests
from services.evaluator.service import Service
from services.evaluator.settings import Settings

SCHEMA = Schema("evaluator", Model.metadata, "services.evaluator.migrations")


def open_service(_: Resources[Any], session: AsyncSession) -> Service:
    return Service(Repository(session), JobQueue(session), Outbox(session))


def room(settings: Settings) -> Room[Service]:
    return Room(
        name="evaluator",
        settings=settings,
        schema=SCHEMA,
        service=open_service,
        requests=requests,
        events=events,
        jobs=jobs,
    )
