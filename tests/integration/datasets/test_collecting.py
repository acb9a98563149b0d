"""The collector: what killed attempts left in the object store goes, what anything speaks of stays."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from libs.common import artifacts
from libs.common.contracts.dataset_exports import CreateDatasetExport, DatasetExported
from libs.common.contracts.datasets import Dataset, GetDataset
from libs.common.contracts.projects import GetProject
from libs.common.contracts.splits import CombineSplits, CreateSplit
from libs.common.ids import new_id
from tests.integration.datasets.archives import class_folders
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.room import RoomProcess

EAGER = {"MODELYARD_COLLECT_SECONDS": "0.2", "MODELYARD_COLLECT_GRACE_SECONDS": "0"}


@pytest_asyncio.fixture(autouse=True)
async def _eager_room(room: RoomProcess) -> AsyncIterator[None]:
    await room.stop()
    await room.start(**EAGER)
    yield
    await room.stop()
    await room.start()


async def _until_objects(desk: Desk, dataset: Dataset, wanted: set[str]) -> None:
    async with asyncio.timeout(20):
        while set(await desk.objects(dataset.id)) != wanted:
            await asyncio.sleep(0.05)


async def _rounds(count: int = 5) -> None:
    await asyncio.sleep(count * 0.2)


async def test_orphans_go_and_everything_that_is_spoken_of_stays(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 20, "b": 20}))
    split = await desk.ask(CreateSplit(dataset_id=dataset.id))
    beside = await desk.imported(
        class_folders({"a": 20}), await desk.ask(GetProject(project_id=dataset.project_id))
    )
    other = await desk.ask(CreateSplit(dataset_id=beside.id))
    await desk.ask(CombineSplits(split_ids=(split.id, other.id)))
    export = await desk.ask(CreateDatasetExport(dataset_id=dataset.id, format="class_folders"))
    await desk.house.wait_for(DatasetExported, export_id=export.id)
    kept = set(await desk.objects(dataset.id))
    # A shard with its thumbnails, a manifest, one of two datasets, an export.
    assert len(kept) == 5

    for orphan in (artifacts.shard, artifacts.thumbnails, artifacts.manifest, artifacts.dataset_export):
        await desk.house.storage.put_bytes(orphan(dataset.id, new_id()), b"left behind")

    await _until_objects(desk, dataset, kept)
    await _rounds()
    assert set(await desk.objects(dataset.id)) == kept
    for sample in await desk.samples(dataset.id):
        assert len(await desk.content(sample)) == sample.size_bytes


async def test_an_import_at_work_loses_nothing_to_the_collector(desk: Desk) -> None:
    # Several shards: the first lie there for a while before any row speaks of them.
    made = await desk.create(class_folders({"a": 100, "b": 100}, width=256, height=256))

    await desk.settled(made.id)

    dataset = await desk.ask(GetDataset(dataset_id=made.id))
    assert dataset.error_code is None, (dataset.error_code, dataset.error_detail)
    await _rounds()
    for sample in (await desk.samples(made.id))[::10]:
        assert len(await desk.content(sample)) == sample.size_bytes


async def test_what_a_failed_addition_stored_goes(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 10, "b": 10}))
    kept = set(await desk.objects(dataset.id))
    stray = artifacts.shard(dataset.id, new_id())
    await desk.house.storage.put_bytes(stray, b"of an attempt that failed")

    await _until_objects(desk, dataset, kept)
