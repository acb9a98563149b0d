"""Joins the doors of the trainer room to its service, and what turns beside them."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.jobs.model import JobRow
from libs.common.jobs.reaper import reap
from libs.common.room import Resources, Room
from services.trainer.archiving import archive
from services.trainer.events import events
from services.trainer.ingestion import ingest
from services.trainer.measuring import measure_nodes, measure_outbox, measure_queue
from services.trainer.models import Model
from services.trainer.requests import requests
from services.trainer.service import Service
from services.trainer.settings import Settings
from services.trainer.sweeping import sweep
from services.trainer.unit import open_service
from services.trainer.watching import watch

SCHEMA = Schema("trainer", Model.metadata, "services.trainer.migrations")


def room(settings: Settings) -> Room[Service]:
    return Room(
        name="trainer",
        settings=settings,
        schema=SCHEMA,
        service=open_service,
        requests=requests,
        events=events,
        background=(ingest, reap_lost_jobs, sweep, watch, archive),
        measuring=(measure_queue, measure_outbox, measure_nodes),
    )


async def reap_lost_jobs(resources: Resources[Settings]) -> None:
    """Of every room: this one keeps the queue."""

    async def settle(session: AsyncSession, lost: Sequence[JobRow]) -> None:
        await open_service(resources, session).scheduler.settle_lost(lost)

    await reap(
        resources.database,
        lambda: resources.bus.is_connected,
        lease_seconds=resources.settings.lease_seconds,
        settle=settle,
    )
