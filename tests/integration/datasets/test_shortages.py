"""Imports that want for something in the middle: a disk, a store, a process. Nothing is half-written."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from libs.common import artifacts
from libs.common.contracts.datasets import CreateDataset, Dataset, DatasetFailed, DatasetReady
from libs.common.contracts.jobs import GetJob, Job, JobState
from libs.common.contracts.sources import UrlSource
from libs.common.ids import new_id
from tests.integration.datasets.accounts import accounted
from tests.integration.datasets.archives import archive, class_folders, image
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.room import RoomProcess
from tests.unit.datasets.sources.web import Asked, head, web

PER_CLASS = 60
SIDE = 256
# Of a chunk that comes after others: something good is there already.
FULL_CHUNK = 1
TABLES = ("samples", "shards", "versions", "staged_chunks")


@pytest.fixture(scope="module")
def large() -> bytes:
    """Some 24 MB, so several shards."""
    return class_folders({"a": PER_CLASS, "b": PER_CLASS}, width=SIDE, height=SIDE)


@pytest_asyncio.fixture(autouse=True)
async def _the_room_runs_afterwards(room: RoomProcess) -> AsyncIterator[None]:
    yield
    if not room.is_running:
        await room.start()


class Disk:
    """Full as soon as the import packs: /dev/full is where a shard would be, for as many attempts as wanted.

    It takes neither a file system of our own nor any right: the kernel answers ENOSPC to who writes there.
    The source comes over a line that is let go when the disk is set up.
    """

    def __init__(self, room: RoomProcess, content: bytes, attempts: int) -> None:
        self._room = room
        self._content = content
        self._left = attempts
        self._seen: set[Path] = set()

    async def answer(self, asked: Asked) -> AsyncIterator[bytes]:
        if asked.method == "GET" and self._left:
            (folder,) = set(self._room.scratch.rglob("job-*")) - self._seen
            (folder / f"shard-{FULL_CHUNK}.tar").symlink_to("/dev/full")
            self._seen.add(folder)
            self._left -= 1
        yield head(content_length=len(self._content)) + self._content


async def _created(desk: Desk, url: str) -> Dataset:
    project = await desk.project()
    source = UrlSource(url=url)
    return await desk.ask(CreateDataset(project_id=project.id, name=f"d-{new_id()}", source=source))


async def _job(desk: Desk, made: Dataset) -> Job:
    assert made.job_id
    return await desk.ask(GetJob(job_id=made.job_id))


async def _again_at_once(desk: Desk, made: Dataset, attempt: int) -> Job:
    """The job after this attempt, without its pause."""
    async with asyncio.timeout(60):
        while True:
            job = await _job(desk, made)
            if job.attempt == attempt and job.state in (JobState.QUEUED, JobState.FAILED):
                break
            await asyncio.sleep(0.05)
    hurry = text("UPDATE platform.job SET not_before = NULL WHERE id = :id")
    async with desk.house.database.transaction() as session:
        await session.execute(hurry, {"id": made.job_id})
    return job


async def _is_whole(desk: Desk, made: Dataset) -> None:
    assert isinstance(await desk.settled(made.id), DatasetReady)
    report = await accounted(desk, made.id)
    assert (report.num_found, report.num_imported) == (2 * PER_CLASS, 2 * PER_CLASS)
    shards = await desk.count("shards", made.id)
    assert len(await desk.objects(made.id)) == 2 * shards
    assert await desk.count("staged_chunks", made.id) == 0


async def test_a_disk_that_is_full_for_a_while_costs_time_only(desk: Desk, room: RoomProcess, large: bytes):
    async with web(Disk(room, large, attempts=1).answer) as server:
        made = await _created(desk, server.url())

        job = await _again_at_once(desk, made, attempt=1)

        assert (job.state, job.error_code) == (JobState.QUEUED, "disk_full")
        assert await desk.count("samples", made.id) == await desk.count("versions", made.id) == 0
        await _is_whole(desk, made)
    assert (await _job(desk, made)).attempt == 2


async def test_a_disk_that_stays_full_fails_in_words_and_hurts_nobody_else(
    desk: Desk, room: RoomProcess, large: bytes
):
    async with web(Disk(room, large, attempts=3).answer) as server:
        made = await _created(desk, server.url())
        for attempt in (1, 2):
            assert (await _again_at_once(desk, made, attempt)).error_code == "disk_full"
        beside = await desk.imported(archive({"1.png": image(1)}))
        fact = await desk.settled(made.id)

    assert beside.num_samples == 1
    assert isinstance(fact, DatasetFailed)
    assert fact.code == "disk_full" and "became full" in fact.detail and "Traceback" not in fact.detail
    await desk.until_no_objects(made.id)
    assert [await desk.count(table, made.id) for table in TABLES] == [0, 0, 0, 0]
    assert list(room.scratch.rglob(f"job-{made.job_id}*")) == []


async def test_a_store_that_is_away_while_chunks_are_stored_is_waited_for(desk: Desk, large: bytes):
    made = await desk.create(large)
    await _until_objects(desk, made)
    stack = desk.house.stack
    await asyncio.to_thread(stack.stop, "s3")
    await asyncio.sleep(3)
    assert (await _job(desk, made)).state is JobState.RUNNING
    await asyncio.to_thread(stack.start, "s3")

    await _is_whole(desk, made)
    assert (await _job(desk, made)).attempt == 1


async def test_a_store_that_takes_nothing_for_a_while_is_waited_for(
    desk: Desk, room: RoomProcess, large: bytes
):
    """As one whose disk is full: what is there can be read, and every write is refused."""
    made = await desk.create(large)
    stack = desk.house.stack
    prefix = artifacts.dataset_prefix(made.id).rstrip("/")
    in_the_way = stack.stack.home / "s3" / desk.house.storage.bucket / prefix
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.touch()
    async with asyncio.timeout(30):
        while str(made.job_id) not in _waiting(room):
            await asyncio.sleep(0.05)
    assert await desk.count("staged_chunks", made.id) == 0
    in_the_way.unlink()

    await _is_whole(desk, made)
    assert (await _job(desk, made)).attempt == 1


def _waiting(room: RoomProcess) -> str:
    lines = room.last_words(300).splitlines()
    return "\n".join(line for line in lines if "storing_waits" in line)


async def _until_objects(desk: Desk, made: Dataset) -> None:
    async with asyncio.timeout(30):
        while not await desk.objects(made.id):
            await asyncio.sleep(0.005)


async def _packing(room: RoomProcess) -> list[int]:
    """Two processes that pack, standing still in the middle of a sample."""
    async with asyncio.timeout(30):
        while True:
            marks = list(room.scratch.rglob("at-work-*"))
            pids = [int(mark.name.rpartition("-")[2]) for mark in marks]
            _signal(pids, signal.SIGSTOP)
            if len(pids) >= 2 and all(mark.exists() and mark.stat().st_size for mark in marks):
                return pids
            _signal(pids, signal.SIGCONT)
            await asyncio.sleep(0.002)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def test_a_process_that_breaks_on_a_file_fails_the_import_by_the_name_of_the_file(
    desk: Desk, room: RoomProcess, large: bytes
):
    made = await desk.create(large)
    pids = await _packing(room)
    _signal(pids[:1], signal.SIGSEGV)
    _signal(pids, signal.SIGCONT)

    fact = await desk.settled(made.id)

    assert isinstance(fact, DatasetFailed)
    assert fact.code == "reader_died"
    assert ".png'" in fact.detail and "SIGSEGV" in fact.detail and "Traceback" not in fact.detail
    await desk.until_no_objects(made.id)
    assert [await desk.count(table, made.id) for table in TABLES] == [0, 0, 0, 0]


async def test_a_process_that_is_killed_is_given_another_attempt(desk: Desk, room: RoomProcess, large: bytes):
    made = await desk.create(large)
    pids = await _packing(room)
    _signal(pids[:1], signal.SIGKILL)
    _signal(pids[1:], signal.SIGCONT)

    job = await _again_at_once(desk, made, attempt=1)

    assert (job.state, job.error_code) == (JobState.QUEUED, "reader_killed")
    assert ".png'" in (job.error_detail or "")
    await _is_whole(desk, made)
