"""An import whose room is killed, or that is not wanted any more, at any moment."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from libs.common.contracts.datasets import (
    Dataset,
    DatasetDeleted,
    DatasetFailed,
    DatasetReady,
    DatasetStatus,
    DeleteDataset,
    GetDataset,
)
from libs.common.contracts.jobs import CancelJob, GetJob, JobState
from libs.common.contracts.projects import DeleteProject
from libs.common.errors import NotFound
from tests.integration.datasets.archives import class_folders
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.room import RoomProcess

PER_CLASS = 90
SIDE = 256


@pytest.fixture(scope="module")
def large() -> bytes:
    """Some 35 MB, so several shards and a few seconds of work."""
    return class_folders({"a": PER_CLASS, "b": PER_CLASS}, width=SIDE, height=SIDE)


@pytest_asyncio.fixture(autouse=True)
async def _the_room_runs_afterwards(room: RoomProcess) -> AsyncIterator[None]:
    yield
    if not room.is_running:
        await room.start()


async def _until_packing(room: RoomProcess) -> list[int]:
    """The processes that import; those that pack stand still, so that it cannot be over too soon."""
    async with asyncio.timeout(30):
        while len(packing := [pid for pid in room.children() if b"spawn_main" in _command(pid)]) < 2:
            await asyncio.sleep(0.005)
    for pid in packing:
        os.kill(pid, signal.SIGSTOP)
    return room.children()


async def _until_objects(desk: Desk, dataset: Dataset, count: int) -> None:
    async with asyncio.timeout(30):
        while len(await desk.objects(dataset.id)) < count:
            await asyncio.sleep(0.01)


async def _until_rows(desk: Desk, dataset: Dataset, table: str, count: int) -> None:
    async with asyncio.timeout(30):
        while await desk.count(table, dataset.id) < count:
            await asyncio.sleep(0.005)


async def _until_ended(processes: list[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(10):
        while any(map(_command, processes)):
            await asyncio.sleep(0.05)


def _command(pid: int) -> bytes:
    """Empty for what has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def _finishes_once(desk: Desk, made: Dataset) -> Dataset:
    await desk.settled(made.id)
    dataset = await desk.ask(GetDataset(dataset_id=made.id))
    assert dataset.error_code is None, (dataset.error_code, dataset.error_detail)
    assert (dataset.status, dataset.num_samples) == (DatasetStatus.READY, 2 * PER_CLASS)
    samples = await desk.samples(made.id)
    assert len({sample.name for sample in samples}) == len(samples) == 2 * PER_CLASS
    assert await desk.count("samples", made.id) == 2 * PER_CLASS
    num_shards = await desk.count("shards", made.id)
    assert num_shards > 1
    assert len(await desk.objects(made.id)) == 2 * num_shards
    ready = [fact for fact in await desk.house.facts(DatasetReady) if fact.dataset_id == made.id]
    assert len(ready) == 1
    return dataset


async def test_a_room_killed_while_packing_goes_on_after_its_restart(
    desk: Desk, room: RoomProcess, large: bytes
) -> None:
    made = await desk.create(large)
    processes = await _until_packing(room)
    assert len(processes) >= 3

    await room.kill()

    await _until_ended(processes)
    assert made.job_id
    await desk.lose(made.job_id)
    await room.start()
    await _finishes_once(desk, made)
    assert (await desk.ask(GetJob(job_id=made.job_id))).attempt == 2


async def test_a_room_killed_while_storing_leaves_no_orphan_even_with_fewer_processes(
    desk: Desk, room: RoomProcess, large: bytes
) -> None:
    made = await desk.create(large)
    # Nobody can write rows of the dataset while its own row is held.
    async with desk.house.database.transaction() as session:
        row = text("SELECT id FROM datasets.datasets WHERE id = :id FOR UPDATE")
        await session.execute(row, {"id": made.id})
        await _until_objects(desk, made, 3)
        await room.kill()

    assert made.job_id and await desk.count("samples", made.id) == 0
    await desk.lose(made.job_id)
    await room.start(MODELYARD_IMPORT_PROCESSES="1")
    await _finishes_once(desk, made)
    await room.stop()


async def test_an_attempt_goes_on_behind_the_chunks_that_are_stored(
    desk: Desk, room: RoomProcess, large: bytes
) -> None:
    made = await desk.create(large)
    await _until_rows(desk, made, "staged_chunks", 2)
    await room.kill()
    staged = await desk.count("staged_chunks", made.id)
    stored = {each.key: each.modified_at for each in await desk.stored(made.id)}

    assert made.job_id
    await desk.lose(made.job_id)
    await room.start()

    await _finishes_once(desk, made)
    again = {each.key: each.modified_at for each in await desk.stored(made.id)}
    untouched = [key for key in stored if stored[key] == again[key]]
    assert len(untouched) >= 2 * staged
    assert await desk.count("staged_chunks", made.id) == 0


async def test_a_room_that_is_told_to_stop_gives_the_import_back(
    desk: Desk, room: RoomProcess, large: bytes
) -> None:
    made = await desk.create(large)
    processes = await _until_packing(room)

    await room.stop()

    await _until_ended(processes)
    assert made.job_id and await desk.job_state(made.job_id) is JobState.QUEUED
    assert list(room.scratch.rglob(f"job-{made.job_id}*")) == []
    await room.start()
    await _finishes_once(desk, made)


async def test_a_cancelled_import_fails_the_dataset_and_leaves_nothing(
    desk: Desk, room: RoomProcess, large: bytes
) -> None:
    made = await desk.create(large)
    processes = await _until_packing(room)
    assert made.job_id

    await desk.ask(CancelJob(job_id=made.job_id))

    fact = await desk.settled(made.id)
    assert isinstance(fact, DatasetFailed) and fact.code == "cancelled"
    await _until_ended(processes)
    await desk.until_no_objects(made.id)
    assert (await desk.ask(GetDataset(dataset_id=made.id))).status is DatasetStatus.FAILED
    assert await desk.count("samples", made.id) == 0


@pytest.mark.parametrize("moment", ["waiting", "packing", "storing"])
async def test_a_dataset_deleted_during_its_import_leaves_nothing(
    desk: Desk, room: RoomProcess, large: bytes, moment: str
) -> None:
    made = await desk.create(large)
    assert made.job_id
    if moment == "packing":
        await _until_packing(room)
    elif moment == "storing":
        await _until_objects(desk, made, 1)

    await desk.ask(DeleteDataset(dataset_id=made.id))

    with pytest.raises(NotFound):
        await desk.ask(GetDataset(dataset_id=made.id))
    await _leaves_no_trace(desk, made, room)
    # What is stored already may be announced before the wish is heard.
    assert moment == "storing" or await desk.job_state(made.job_id) is JobState.CANCELLED


async def test_a_project_deleted_during_an_import_leaves_nothing(
    desk: Desk, room: RoomProcess, large: bytes
) -> None:
    made = await desk.create(large)
    await _until_packing(room)

    await desk.ask(DeleteProject(project_id=made.project_id))

    await _leaves_no_trace(desk, made, room)


async def _leaves_no_trace(desk: Desk, made: Dataset, room: RoomProcess) -> None:
    assert made.job_id
    async with asyncio.timeout(30):
        while not (await desk.job_state(made.job_id)).is_final:
            await asyncio.sleep(0.05)
    await desk.until_no_objects(made.id)
    for table in ("samples", "shards", "versions", "reports", "staged_chunks"):
        assert await desk.count(table, made.id) == 0
    assert await desk.house.wait_for(DatasetDeleted, dataset_id=made.id)
    assert [fact for fact in await desk.house.facts(DatasetFailed) if fact.dataset_id == made.id] == []
    assert list(room.scratch.rglob(f"job-{made.job_id}*")) == []
