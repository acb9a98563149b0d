"""Joins the doors of the exporter room to its service."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobQueue
from libs.common.room import Resources, Room
from libs.common.trash import Trash
from services.exporter.collecting import collect, sweep
from services.exporter.events import events
from services.exporter.imports import Imports
from services.exporter.jobs import jobs
from services.exporter.models import Model, TrashRow
from services.exporter.registry import Registry
from services.exporter.repository.exports import ExportRepository
from services.exporter.repository.models import ModelRepository
from services.exporter.requests import requests
from services.exporter.service import Service
from services.exporter.settings import Settings

SCHEMA = Schema("exporter", Model.metadata, "services.exporter.migrations")


def open_service(resources: Resources[Any], session: AsyncSession) -> Service:
    models, outbox, queue = ModelRepository(session), Outbox(session), JobQueue(session)
    trash, storage = Trash(session, TrashRow), resources.storage
    registry = Registry(models, trash, outbox, storage)
    imports = Imports(models, registry, trash, queue, storage)
    return Service(ExportRepository(session), registry, imports, trash, queue, outbox, storage)


def room(settings: Settings) -> Room[Service]:
    return Room(
        name="exporter",
        settings=settings,
        schema=SCHEMA,
        service=open_service,
        requests=requests,
        events=events,
        jobs=jobs,
        background=(collect, sweep),
    )
