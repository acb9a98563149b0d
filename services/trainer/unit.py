"""Opens the service of the trainer room on one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db.outbox import Outbox
from libs.common.jobs import JobLimits, JobLists, JobQueue
from libs.common.room import Resources
from services.trainer.repository import Repository
from services.trainer.service import Service
from services.trainer.settings import Settings


def open_service(resources: Resources[Settings], session: AsyncSession) -> Service:
    settings = resources.settings
    return Service(
        Repository(session),
        JobQueue(session, lease_seconds=settings.lease_seconds),
        JobLists(session),
        JobLimits(session),
        Outbox(session),
        resources.storage,
        lease_seconds=settings.lease_seconds,
        max_attempts=settings.max_attempts,
        sweep_grace=timedelta(seconds=settings.sweep_grace_seconds),
        node_limits=settings.nodes,
        alert_settings=settings.alerts,
    )


@asynccontextmanager
async def open_unit(resources: Resources[Settings]) -> AsyncIterator[Service]:
    """For what turns beside the doors; commits when the block ends well."""
    async with resources.database.transaction() as session:
        yield open_service(resources, session)
