"""The reaper against a real queue, with a lease of a fraction of a second."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import JobSpec
from libs.common.contracts.jobs import JobState, WorkerIdentity
from libs.common.db import Database
from libs.common.jobs import JobQueue
from libs.common.jobs.model import JobRow
from libs.common.jobs.reaper import reap

LEASE_SECONDS = 0.6


class Mop(JobSpec, kind="test.mop"):
    pass


@pytest_asyncio.fixture
async def running(database: Database) -> UUID:
    """A job whose worker is never heard of again."""
    async with database.transaction() as session:
        await session.execute(text("TRUNCATE platform.job"))
        job_id = await JobQueue(session).enqueue(Mop())
        worker = WorkerIdentity(id="w", node="n", kinds=(Mop.kind,))
        await JobQueue(session, lease_seconds=0.1).claim(worker, uuid4())
    return job_id


@asynccontextmanager
async def reaping(database: Database, **options: object) -> AsyncIterator[None]:
    task = asyncio.create_task(reap(database, lease_seconds=LEASE_SECONDS, **options))  # type: ignore[arg-type]
    yield
    task.cancel()
    await asyncio.wait({task})


async def state(database: Database, job_id: UUID) -> str:
    async with database.transaction() as session:
        return (await JobQueue(session).get(job_id)).state


async def test_a_silent_worker_loses_its_job_and_the_room_writes_its_rows_with_it(
    database: Database, running: UUID
) -> None:
    settled: list[UUID] = []

    async def settle(_: AsyncSession, rows: Sequence[JobRow]) -> None:
        settled.extend(row.id for row in rows)

    async with reaping(database, is_bus_connected=lambda: True, settle=settle):
        await asyncio.sleep(LEASE_SECONDS * 0.7)
        assert await state(database, running) == JobState.RUNNING
        await asyncio.sleep(LEASE_SECONDS)
    assert await state(database, running) == JobState.QUEUED
    assert settled == [running]


async def test_while_the_bus_is_away_and_a_lease_after_nobody_is_given_up(
    database: Database, running: UUID
) -> None:
    is_connected = False
    async with reaping(database, is_bus_connected=lambda: is_connected):
        await asyncio.sleep(LEASE_SECONDS * 2)
        is_connected = True
        await asyncio.sleep(LEASE_SECONDS * 0.7)
        assert await state(database, running) == JobState.RUNNING
        await asyncio.sleep(LEASE_SECONDS)
        assert await state(database, running) == JobState.QUEUED
