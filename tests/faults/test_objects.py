"""Stored objects that are damaged or gone: who needs them says so by name, and goes on when they are back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from libs.client import Modelyard
from libs.common.contracts.experiments import Experiment
from libs.common.contracts.runs import Run
from libs.common.ids import new_id
from tests.faults.ground import CONFIG, STEADY, Ground, pictures
from tests.faults.invariants import broken
from tests.house import House

pytestmark = pytest.mark.timeout(2400)
WAIT_SECONDS = 600


@pytest_asyncio.fixture
async def experiment(yard: Modelyard, ground: Ground, tmp_path: Path) -> AsyncIterator[Experiment]:
    """On a dataset of its own, which no node has fetched yet."""
    name = f"touched-{new_id().hex[-12:]}"
    archive = pictures(tmp_path / "pictures.zip", 40, 16)
    made = await asyncio.to_thread(
        lambda: yard.datasets.wait(
            yard.datasets.create(ground.project_id, name, yard.uploads.send(archive).id).id
        )
    )
    split = yard.splits.create(made.id)
    yield yard.experiments.create(ground.project_id, name, split.id, config={**CONFIG, "epochs": 1})


async def test_a_shard_with_other_bytes_is_named_and_read_again_when_it_is_right(
    house: House, yard: Modelyard, experiment: Experiment
) -> None:
    shard = experiment.data.shards[0].key

    async with _changed(house, shard, _nothing):
        failed = await _run(yard, experiment.id)

    assert (failed.state, failed.error_code) == ("failed", "sample_bad")
    assert "other bytes than were imported" in (failed.error_detail or "")
    assert (await _run(yard, experiment.id)).state == "completed"
    assert await broken(house) == []


async def test_a_shard_that_is_gone_is_named(house: House, yard: Modelyard, experiment: Experiment) -> None:
    shard = experiment.data.shards[0].key

    async with _gone(house, shard):
        failed = await _run(yard, experiment.id)

    assert (failed.state, failed.error_code) == ("failed", "data_missing")
    assert (await _run(yard, experiment.id)).state == "completed"
    assert await broken(house) == []


async def test_a_model_file_with_other_bytes_is_not_served(
    house: House, yard: Modelyard, ground: Ground
) -> None:
    served = yard.deployments.get(STEADY)
    version = yard.models.version(served.model, served.desired_version)
    name = f"damaged-{new_id().hex[-12:]}"

    async with _changed(house, version.file.key, _last_bit_turned):
        yard.deployments.create(name, model=version.model, version=version.version)
        failed = await asyncio.to_thread(lambda: yard.deployments.wait(name, timeout_seconds=WAIT_SECONDS))

    assert failed.state == "failed"
    assert "SHA-256" in (failed.reason or "")
    yard.deployments.delete(name)
    assert await broken(house) == []


async def _run(yard: Modelyard, experiment_id: UUID) -> Run:
    started = await asyncio.to_thread(yard.runs.start, experiment_id)
    return await asyncio.to_thread(lambda: yard.runs.wait(started.id, timeout_seconds=WAIT_SECONDS))


@asynccontextmanager
async def _changed(house: House, key: str, change: Callable[[bytes], bytes]) -> AsyncIterator[None]:
    async with _gone(house, key) as content:
        await house.storage.put_bytes(key, change(content))
        yield


@asynccontextmanager
async def _gone(house: House, key: str) -> AsyncIterator[bytes]:
    """As the store itself deletes it, until the end of the block."""
    content = await house.storage.get_bytes(key)
    await house.storage.remove([key])
    try:
        yield content
    finally:
        await house.storage.put_bytes(key, content)


def _nothing(content: bytes) -> bytes:
    """As many bytes, none of them right."""
    return bytes(len(content))


def _last_bit_turned(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])
