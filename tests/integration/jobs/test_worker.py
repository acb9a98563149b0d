"""Workers on a real queue: what their functions see, and what becomes of the job."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import JobSpec
from libs.common.contracts.jobs import Desired, JobState, WorkerIdentity
from libs.common.db import Database
from libs.common.errors import BadInput, Unavailable
from libs.common.jobs import JobDoor, JobQueue, Work, Worker
from libs.common.jobs.model import JobRow
from tests.integration.jobs.desk import Desk


class Bake(JobSpec, kind="test.bake"):
    loaves: int = 1


class Shelf:
    """A room's service: what it stores is one row, in the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, loaves: int) -> None:
        await self._session.execute(text("INSERT INTO public.bread VALUES (:loaves)"), {"loaves": loaves})


class Sold(BaseModel):
    loaves: int


Function = Callable[[Bake, Work[Shelf]], Awaitable[None]]


@pytest_asyncio.fixture(autouse=True)
async def _empty(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE IF NOT EXISTS public.bread (loaves int)"))
        await session.execute(text("TRUNCATE platform.job, public.bread"))


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@asynccontextmanager
async def working(
    desk: Desk, database: Database, scratch: Path, function: Function, **options: Any
) -> AsyncIterator[None]:
    async def bake(spec: Bake, work: Work[Shelf]) -> None:
        await function(spec, work)

    door = JobDoor()
    door.does(bake)
    worker = Worker(
        desk,
        SimpleNamespace(database=database),
        door,
        node="kitchen",
        service=lambda _, session: Shelf(session),
        scratch=scratch,
        **options,
    )
    task = asyncio.create_task(worker.run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def enqueue(database: Database, **options: Any) -> UUID:
    async with database.transaction() as session:
        return await JobQueue(session).enqueue(Bake(loaves=3), **options)


async def row_of(database: Database, job_id: UUID) -> JobRow:
    async with database.transaction() as session:
        return await JobQueue(session).get(job_id)


async def bread(database: Database) -> list[int]:
    async with database.transaction() as session:
        return list(await session.scalars(text("SELECT loaves FROM public.bread")))


async def until(database: Database, job_id: UUID, true: Callable[[JobRow], bool]) -> JobRow:
    async with asyncio.timeout(15):
        while not true(row := await row_of(database, job_id)):
            await asyncio.sleep(0.05)
    return row


async def ended(database: Database, job_id: UUID) -> JobRow:
    return await until(database, job_id, lambda row: JobState(row.state).is_final)


async def test_a_job_and_its_results_are_finished_in_one_transaction(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    seen: list[Path] = []

    async def function(spec: Bake, work: Work[Shelf]) -> None:
        seen.append(work.directory)
        (work.directory / "dough").write_text("sticky")
        async with work.finishing(Sold(loaves=spec.loaves)) as shelf:
            await shelf.put(spec.loaves)

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        row = await ended(database, job)
    assert (row.state, row.result, row.progress) == (JobState.COMPLETED, {"loaves": 3}, 1.0)
    assert await bread(database) == [3]
    assert not seen[0].exists()


async def test_a_job_for_which_no_folder_can_be_made_waits_and_the_worker_lives_on(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        work.finish_with(Sold(loaves=spec.loaves))

    async with working(desk, database, tmp_path, function):
        async with asyncio.timeout(15):
            while not (folders := list(tmp_path.glob("*/"))):
                await asyncio.sleep(0.05)
        shutil.rmtree(folders[0])
        job = await enqueue(database)
        row = await until(database, job, lambda row: row.error_code is not None)
        assert (row.state, row.error_code) == (JobState.QUEUED, "scratch_unavailable")
        assert "No such file or directory" in (row.error_detail or "")
        folders[0].mkdir()
        assert (await ended(database, await enqueue(database))).state == JobState.COMPLETED


async def test_a_function_without_a_database_hands_in_its_result(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        work.finish_with(Sold(loaves=7))

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        assert (await ended(database, job)).result == {"loaves": 7}


async def test_progress_and_checkpoint_reach_the_queue_while_the_job_runs(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        await work.progress(0.4, "rising")
        await work.checkpoint(Sold(loaves=1))
        await work.stop.wait()

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        row = await until(database, job, lambda row: row.progress > 0)
        assert (row.message, row.checkpoint) == ("rising", {"loaves": 1})


async def test_a_worker_that_returns_after_its_job_was_given_away_changes_nothing(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    is_away, returned = asyncio.Event(), asyncio.Event()

    async def function(spec: Bake, work: Work[Shelf]) -> None:
        is_away.set()
        await returned.wait()
        async with work.finishing() as shelf:
            await shelf.put(spec.loaves)

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        await is_away.wait()
        desk.is_open = False
        async with database.transaction() as session:
            await session.execute(text("UPDATE platform.job SET lease_expires_at = now() - interval '1 s'"))
            await JobQueue(session).requeue_lost()
            other = WorkerIdentity(id="other", node="n", kinds=(Bake.kind,))
            await JobQueue(session).claim(other, successor := uuid4())
        returned.set()
        await asyncio.sleep(0.5)
    assert await bread(database) == []
    row = await row_of(database, job)
    assert (row.state, row.token, row.attempt) == (JobState.RUNNING, successor, 2)


async def test_a_lost_lease_ends_the_function(desk: Desk, database: Database, tmp_path: Path) -> None:
    started, ended_by_worker = asyncio.Event(), asyncio.Event()

    async def function(spec: Bake, work: Work[Shelf]) -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended_by_worker.set()

    await enqueue(database)
    async with working(desk, database, tmp_path, function):
        await started.wait()
        async with database.transaction() as session:
            await session.execute(text("UPDATE platform.job SET token = gen_random_uuid()"))
        await asyncio.wait_for(ended_by_worker.wait(), 5)


async def test_a_scheduler_that_is_away_stops_no_work_and_hears_of_the_end_later(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    done = asyncio.Event()

    async def function(spec: Bake, work: Work[Shelf]) -> None:
        desk.is_open = False
        await asyncio.sleep(1.5)
        done.set()

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        await done.wait()
        await asyncio.sleep(0.6)
        assert (await row_of(database, job)).state == JobState.RUNNING
        desk.is_open = True
        assert (await ended(database, job)).state == JobState.COMPLETED


async def test_an_error_with_words_fails_the_job_with_them(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        raise BadInput("the flour is sand")

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        row = await ended(database, job)
    assert (row.state, row.error_code, row.error_detail) == (
        JobState.FAILED,
        "bad_input",
        "the flour is sand",
    )


async def test_a_passing_trouble_is_tried_again_later(desk: Desk, database: Database, tmp_path: Path) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        raise Unavailable("the mill is away")

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        row = await until(database, job, lambda row: row.error_code is not None)
    assert (row.state, row.attempt, row.error_code) == (JobState.QUEUED, 1, "unavailable")


async def test_a_bug_tells_a_reference_and_nothing_from_the_inside(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        raise ZeroDivisionError("secret recipe")

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        row = await ended(database, job)
    assert row.error_code == "internal"
    assert "reference" in (row.error_detail or "") and "secret" not in (row.error_detail or "")


async def test_a_cancelled_job_ends_cancelled_when_its_function_obeys(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    wishes: list[Desired] = []

    async def function(spec: Bake, work: Work[Shelf]) -> None:
        await work.stop.wait()
        wishes.append(work.desired)

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        await until(database, job, lambda row: row.state == JobState.RUNNING)
        async with database.transaction() as session:
            await JobQueue(session).cancel(job)
        assert (await ended(database, job)).state == JobState.CANCELLED
    assert wishes == [Desired.CANCEL]


async def test_a_function_deaf_to_cancellation_is_ended_after_a_grace(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        await asyncio.sleep(60)

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function, cancel_grace_seconds=0.2):
        await until(database, job, lambda row: row.state == JobState.RUNNING)
        async with database.transaction() as session:
            await JobQueue(session).cancel(job)
        assert (await ended(database, job)).state == JobState.CANCELLED


async def test_a_worker_that_shuts_down_gives_its_job_back(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        await asyncio.sleep(60)

    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        await until(database, job, lambda row: row.state == JobState.RUNNING)
    row = await row_of(database, job)
    assert (row.state, row.attempt, row.max_attempts) == (JobState.QUEUED, 1, 4)


async def test_a_hint_wakes_an_idle_worker_before_its_next_poll(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        pass

    async with working(desk, database, tmp_path, function):
        await asyncio.sleep(0.3)
        job = await enqueue(database)
        desk.wake()
        async with asyncio.timeout(1.5):
            await ended(database, job)


async def test_slots_work_side_by_side(desk: Desk, database: Database, tmp_path: Path) -> None:
    meeting = asyncio.Barrier(2)

    async def function(spec: Bake, work: Work[Shelf]) -> None:
        async with asyncio.timeout(5):
            await meeting.wait()

    jobs = [await enqueue(database) for _ in range(2)]
    async with working(desk, database, tmp_path, function, slots=2):
        assert [(await ended(database, job)).state for job in jobs] == [JobState.COMPLETED] * 2


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [(None, "completed"), (BadInput("burnt"), "failed"), (Unavailable("no oven"), "put_off")],
)
async def test_how_jobs_end_is_counted(
    desk: Desk, database: Database, tmp_path: Path, raised: Exception | None, outcome: str
) -> None:
    async def function(spec: Bake, work: Work[Shelf]) -> None:
        assert _counted("modelyard_jobs_running") == 1
        if raised is not None:
            raise raised

    before = _counted("modelyard_jobs_ended_total", outcome=outcome)
    job = await enqueue(database)
    async with working(desk, database, tmp_path, function):
        await until(database, job, lambda row: row.attempt == 1 and row.state != JobState.RUNNING)

    assert _counted("modelyard_jobs_ended_total", outcome=outcome) == before + 1
    assert _counted("modelyard_jobs_running") == 0


def _counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"kind": Bake.kind, **labels}) or 0
