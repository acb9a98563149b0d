"""The inference room's process."""

from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.db.outbox import Outbox
from libs.common.room import Resources, Room
from services.inference import events, requests
from services.inference.loader import Loader
from services.inference.models import Table
from services.inference.predictor import Predictor
from services.inference.reconciler import OpenService, Reconciler
from services.inference.recording import record
from services.inference.repository import Repository
from services.inference.scoring import Scoring, sweep
from services.inference.service import Service
from services.inference.settings import Settings
from services.inference.traffic import Traffic
from services.inference.triton import Triton

SCHEMA = Schema("inference", Table.metadata, "services.inference.migrations")


def room(settings: Settings) -> Room[Service]:
    triton = Triton(settings.triton.grpc)
    traffic = Traffic()
    predictor = Predictor(triton, traffic)
    scoring = Scoring(predictor)

    def service(resources: Resources[Any], session: AsyncSession) -> Service:
        return Service(Repository(session), Outbox(session), predictor, scoring, resources.storage, settings)

    def opener(resources: Resources[Any]) -> OpenService:
        @asynccontextmanager
        async def open_service():
            async with resources.database.transaction() as session:
                yield service(resources, session)

        return open_service

    async def reconcile(resources: Resources[Any]) -> None:
        loader = Loader(settings, resources.storage, triton)
        await Reconciler(
            settings, resources.database, loader, triton, predictor, traffic, opener(resources)
        ).run()

    async def record_traffic(resources: Resources[Any]) -> None:
        await record(traffic, opener(resources))

    async def sweep_samples(resources: Resources[Any]) -> None:
        await sweep(resources.storage)

    return Room(
        name="inference",
        settings=settings,
        schema=SCHEMA,
        service=service,
        requests=requests.door,
        events=events.events,
        background=(reconcile, record_traffic, sweep_samples),
    )
