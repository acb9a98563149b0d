"""A worker in a process of its own, asking over a real bus, killed in the middle of its work."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.bus import Bus, RequestDoor, ensure_streams, serve
from libs.common.contracts.jobs import Beat, BeatJob, ClaimJob, FailJob, FinishJob, Job, JobState, Lease
from libs.common.db import Database
from libs.common.db.relay import Relay
from libs.common.jobs import JobQueue
from libs.common.jobs.model import JobRow
from libs.common.jobs.reaper import reap
from tests.integration.jobs.worker_program import COUNT, CountSheep
from tests.nats import PASSWORD, NatsServer

LEASE_SECONDS = 3.0
door = RequestDoor()


@dataclass
class Scheduling:
    """What the room that hosts the scheduler answers with."""

    queue: JobQueue


@dataclass
class Unit:
    service: Scheduling
    session: AsyncSession


@door.answers
async def claim_job(request: ClaimJob, service: Scheduling) -> Lease | None:
    row = await service.queue.claim(request.worker, request.token)
    return row.lease(LEASE_SECONDS) if row else None


@door.answers
async def beat_job(request: BeatJob, service: Scheduling) -> Beat:
    desired = await service.queue.beat(
        request.job_id, request.token, request.progress, request.message, request.checkpoint
    )
    return Beat(desired=desired)


@door.answers
async def finish_job(request: FinishJob, service: Scheduling) -> Job:
    return (await service.queue.finish(request.job_id, request.token, request.result)).view()


@door.answers
async def fail_job(request: FailJob, service: Scheduling) -> Job:
    return (await service.queue.fail(request.job_id, request.token, request.code, request.detail)).view()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(autouse=True)
async def _scheduler(nats_server: NatsServer, database: Database) -> AsyncIterator[None]:
    """Request door, reaper and relay, as the room runs them."""

    @asynccontextmanager
    async def open_unit() -> AsyncIterator[Unit]:
        async with database.transaction() as session:
            queue = JobQueue(session, lease_seconds=LEASE_SECONDS)
            yield Unit(Scheduling(queue), session)

    bus = await Bus.connect(nats_server.settings, name="scheduler")
    await ensure_streams(bus)
    background = [
        asyncio.create_task(reap(database, lambda: bus.is_connected, lease_seconds=LEASE_SECONDS)),
        asyncio.create_task(Relay(database, bus).run()),
    ]
    async with serve(bus, "trainer", door, open_unit):
        yield
    for task in background:
        task.cancel()
    await asyncio.wait(background)
    await bus.close()


@asynccontextmanager
async def shepherd(nats_server: NatsServer, scratch: Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.jobs.worker_program"),
        *(nats_server.settings.url, "modelyard", PASSWORD, str(scratch)),
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


async def enqueue(database: Database) -> UUID:
    async with database.transaction() as session:
        return await JobQueue(session).enqueue(CountSheep())


async def row_of(database: Database, job_id: UUID) -> JobRow:
    async with database.transaction() as session:
        return await JobQueue(session).get(job_id)


async def reaches(database: Database, job_id: UUID, *, sheep: int) -> None:
    async with asyncio.timeout(20):
        while ((await row_of(database, job_id)).checkpoint or {}).get("sheep", 0) < sheep:
            await asyncio.sleep(0.05)


async def ended(database: Database, job_id: UUID) -> JobRow:
    async with asyncio.timeout(30):
        while not JobState((row := await row_of(database, job_id)).state).is_final:
            await asyncio.sleep(0.1)
    return row


async def test_a_killed_worker_is_replaced_and_its_work_goes_on_from_the_checkpoint(
    nats_server: NatsServer, database: Database, tmp_path: Path
) -> None:
    job = await enqueue(database)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(shepherd(nats_server, tmp_path))
        await reaches(database, job, sheep=2)
        first.kill()
        await stack.enter_async_context(shepherd(nats_server, tmp_path))
        row = await ended(database, job)
    assert (row.state, row.attempt) == (JobState.COMPLETED, 2)
    assert row.result is not None and row.result["sheep"] == COUNT and row.result["began_at"] >= 2


async def test_a_worker_works_through_an_outage_of_the_bus_longer_than_its_lease(
    nats_server: NatsServer, database: Database, tmp_path: Path
) -> None:
    job = await enqueue(database)
    async with shepherd(nats_server, tmp_path):
        await reaches(database, job, sheep=1)
        nats_server.kill()
        await asyncio.sleep(LEASE_SECONDS * 1.3)
        nats_server.start()
        row = await ended(database, job)
    assert (row.state, row.attempt) == (JobState.COMPLETED, 1)


async def test_a_paused_worker_is_replaced_and_changes_nothing_when_it_returns(
    nats_server: NatsServer, database: Database, tmp_path: Path
) -> None:
    job = await enqueue(database)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(shepherd(nats_server, tmp_path))
        await reaches(database, job, sheep=1)
        first.send_signal(signal.SIGSTOP)
        await stack.enter_async_context(shepherd(nats_server, tmp_path))
        async with asyncio.timeout(20):
            while (await row_of(database, job)).attempt < 2:
                await asyncio.sleep(0.1)
        successor = (await row_of(database, job)).token
        first.send_signal(signal.SIGCONT)
        row = await ended(database, job)
    assert (row.state, row.attempt, row.token) == (JobState.COMPLETED, 2, successor)
