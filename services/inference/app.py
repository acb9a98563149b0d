"""The inference room's process."""

from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.db.outbox import Outbox
from libs.common.room import Resources, Room
from services.inference import events, requests
from services.inference.models import Table
from services.inference.predictor import Predictor
from services.inference.reconciler import Reconciler
from services.inference.repository import Repository
from services.inference.service import Service
from services.inference.settings import Settings
from services.inference.triton import Triton

SCHEMA = Schema("inference", Table.metadata, "services.inference.migrations")


def room(settings: Settings) -> Room[Service]:
    triton = Triton(settings.triton.grpc)
    predictor = Predictor(triton, settings.max_batch_size)

    def service(resources: Resources[Any], session: AsyncSession) -> Service:
        return Service(Repository(session), Outbox(session), predictor, settings.triton)

    async def reconcile(resources: Resources[Any]) -> None:
        @asynccontextmanager
        async def open_service():
            async with resources.database.transaction() as session:
                yield service(resources, session)

        await Reconciler(
            settings, resources.database, resources.storage, triton, predictor, open_service
        ).run()

    return Room(
        name="inference",
        settings=settings,
        schema=SCHEMA,
        service=service,
        requests=requests.door,
        events=events.events,
        background=(reconcile,),
    )
