"""Bytes of what was deleted go after the rows: neither is ever without what the other speaks of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from libs.common import artifacts
from libs.common.contracts.datasets import Dataset, DatasetStatus, GetDataset, PrepareDataset
from libs.common.contracts.uploads import DeleteUpload
from libs.common.db.holding import BYTES_LOCK
from tests.integration.datasets.archives import class_folders
from tests.integration.datasets.desk import Desk


@asynccontextmanager
async def _backup(desk: Desk) -> AsyncIterator[None]:
    """As long as one reads, no bytes are removed."""
    async with desk.house.database.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": BYTES_LOCK})
        yield


async def test_a_backup_that_knows_a_deleted_upload_finds_its_bytes(desk: Desk) -> None:
    upload = await desk.upload(b"hello")
    async with _backup(desk):
        await desk.ask(DeleteUpload(upload_id=upload.id))
        assert await desk.house.storage.get_bytes(upload.key) == b"hello"
    await desk.until_removed(upload.key)


async def test_what_an_import_failed_with_is_not_removed_from_under_the_next(desk: Desk) -> None:
    async with _backup(desk):
        made = await desk.create(class_folders({"a": 4, "b": 4}), format="coco")
        await desk.settled(made.id)
        await desk.house.storage.put_bytes(f"{artifacts.dataset_prefix(made.id)}left", b"by the first")
        await desk.ask(PrepareDataset(dataset_id=made.id, adapter="class_folders"))
        dataset = await _ready(desk, made)

    other = await desk.upload(b"swept after it")
    await desk.ask(DeleteUpload(upload_id=other.id))
    await desk.until_removed(other.key)
    for sample in await desk.samples(dataset.id):
        assert len(await desk.content(sample)) == sample.size_bytes


async def _ready(desk: Desk, made: Dataset) -> Dataset:
    async with asyncio.timeout(90):
        while True:
            found = await desk.ask(GetDataset(dataset_id=made.id))
            if found.status is DatasetStatus.READY:
                return found
            await asyncio.sleep(0.05)
