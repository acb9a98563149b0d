"""Kills inside an export of every format, and inside the scoring of samples that somebody sent."""

import asyncio
import os
import signal
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from libs.client import Modelyard
from libs.common.contracts.exports import ExportFormat
from libs.common.errors import ModelyardError
from tests.faults.ground import STEADY, Ground
from tests.faults.invariants import broken
from tests.faults.processes import ended, tree
from tests.house import House

pytestmark = pytest.mark.timeout(2400)
WAIT_SECONDS = 600
# Of a request that lasts for minutes, whose room is gone.
TOLD_SECONDS = 60
# Many enough that a kill finds most of them still to be judged.
NUM_SENT = 9000
MADE_HERE = (
    ExportFormat.ONNX,
    ExportFormat.OPENVINO,
    ExportFormat.TORCHSCRIPT,
    ExportFormat.TORCH_EXPORT,
)
JOB = text("SELECT state, attempt, progress, error_code FROM platform.job WHERE id = :id")
IN_A_HURRY = text("UPDATE platform.job SET not_before = NULL WHERE id = :id")


@pytest.mark.parametrize("format", MADE_HERE, ids=str)
async def test_an_export_whose_process_and_then_whose_room_is_killed_ends_once(
    format: ExportFormat, house: House, yard: Modelyard, ground: Ground
) -> None:
    export = await asyncio.to_thread(lambda: yard.exports.create(ground.run_id, format=format))
    room, job_id = house.stack.pid("exporter"), export.job_id
    assert job_id

    await _until(lambda: _is_in_the_middle(house, job_id, attempt=1))
    child = next(pid for pid in tree(room) if _is_export(pid))
    os.kill(child, signal.SIGKILL)
    await _until(lambda: _has_failed_with(house, job_id, "child_killed"))
    await _hurry(house, job_id)
    await _until(lambda: _is_in_the_middle(house, job_id, attempt=2))
    os.kill(room, signal.SIGKILL)
    await ended(room)

    done = await asyncio.to_thread(lambda: yard.exports.wait(export.id, timeout_seconds=WAIT_SECONDS))
    assert (done.state, done.error_code) == ("completed", None)
    assert (await _job(house, job_id)).attempt == 3
    assert await broken(house) == []


async def test_scoring_that_a_kill_ends_is_asked_for_again_and_leaves_nothing(
    house: House, yard: Modelyard, ground: Ground, tmp_path: Path
) -> None:
    labelled = tmp_path / "labelled.zip"
    with zipfile.ZipFile(labelled, "w") as archive:
        for number in range(NUM_SENT):
            archive.writestr(f"{'loud' if number % 2 else 'quiet'}/{number}.jpg", ground.image)
    before = await _num_judged(house)
    asked = asyncio.create_task(asyncio.to_thread(yard.deployments.evaluate, STEADY, labelled))
    while await _num_judged(house) == before:
        assert not asked.done(), f"over before it could be killed: {asked}"
    os.kill(house.stack.pid("inference"), signal.SIGKILL)

    with pytest.raises(ModelyardError) as caught:
        async with asyncio.timeout(TOLD_SECONDS):
            await asked

    assert caught.value.status == 503
    assert await _num_judged(house) - before < NUM_SENT
    await _until(lambda: asyncio.to_thread(house.stack.is_ready, "inference"))
    await _until(lambda: _answers(yard, ground))
    again = await asyncio.to_thread(yard.deployments.evaluate, STEADY, labelled)
    assert again.report.num_samples == NUM_SENT
    assert await broken(house) == []


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await is_so():
            await asyncio.sleep(0.05)


async def _job(house: House, job_id: UUID):
    async with house.database.transaction() as session:
        return (await session.execute(JOB, {"id": job_id})).one()


async def _is_in_the_middle(house: House, job_id: UUID, attempt: int) -> bool:
    """The child has loaded the model, and writes or compares."""
    row = await _job(house, job_id)
    assert row.state in ("queued", "running"), row
    is_there = any(_is_export(pid) for pid in tree(house.stack.pid("exporter")))
    return row.attempt == attempt and row.state == "running" and row.progress > 0 and is_there


async def _has_failed_with(house: House, job_id: UUID, code: str) -> bool:
    row = await _job(house, job_id)
    return row.state == "queued" and row.error_code == code


async def _hurry(house: House, job_id: UUID) -> None:
    async with house.database.transaction() as session:
        await session.execute(IN_A_HURRY, {"id": job_id})


def _is_export(pid: int) -> bool:
    try:
        return b"services.exporter.run" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


async def _num_judged(house: House) -> int:
    """How many samples Triton has been asked for, as it counts them."""
    address = house.stack.environment("inference")["MODELYARD_TRITON__HTTP"]
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/v2/models/{STEADY}/stats")
    return sum(each["inference_count"] for each in answer.raise_for_status().json()["model_stats"])


async def _answers(yard: Modelyard, ground: Ground) -> bool:
    try:
        await asyncio.to_thread(yard.deployments.predict, STEADY, ground.image)
    except ModelyardError:
        return False
    return True
