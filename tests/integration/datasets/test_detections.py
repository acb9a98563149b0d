"""Detections: what an import would find, told before anything is stored; raw data that is prepared later."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from libs.common.contracts.datasets import (
    CreateDataset,
    DatasetStatus,
    GetDataset,
    PrepareDataset,
)
from libs.common.contracts.imports import (
    DetectDataset,
    Detection,
    DetectionState,
    FormatOptions,
    GetDetection,
    GetPreview,
    ListFormats,
)
from libs.common.contracts.sources import UploadSource
from libs.common.contracts.uploads import DeleteUpload
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from tests.integration.datasets.archives import archive, image
from tests.integration.datasets.desk import Desk

GOOD = {
    f"{label}/{number}.png": image(number + 10 * place)
    for place, label in enumerate("ab")
    for number in range(4)
}
BROKEN = {**GOOD, "a/cut.png": image(90, 64, 64)[:300], "b/again.png": GOOD["b/0.png"]}


async def _detected(desk: Desk, content: bytes, **wanted: Any) -> Detection:
    upload = await desk.upload(content)
    seen = await desk.ask(DetectDataset(source=UploadSource(upload_id=upload.id), **wanted))
    async with asyncio.timeout(60):
        while seen.state is DetectionState.RUNNING:
            await asyncio.sleep(0.05)
            seen = await desk.ask(GetDetection(detection_id=seen.id))
    return seen


async def test_a_listing_tells_format_task_classes_and_counts(desk: Desk) -> None:
    seen = await _detected(desk, archive(BROKEN))

    assert (seen.state, seen.format, seen.task) == ("completed", "class_folders", "classification")
    assert seen.report is not None
    assert (seen.report.num_found, seen.report.modality) == (len(BROKEN), "image")
    assert [(each.name, each.count) for each in seen.report.classes] == [("a", 5), ("b", 5)]
    assert {example.name for example in seen.examples} <= BROKEN.keys()


async def test_a_thorough_look_says_what_the_import_will_say(desk: Desk) -> None:
    seen = await _detected(desk, archive(BROKEN), is_thorough=True)
    dataset = await desk.imported(archive(BROKEN))

    said, happened = seen.report, await desk.report(dataset.id)
    assert said is not None
    told = {"id", "kind", "dataset_id", "created_at"}
    assert said.model_dump(exclude=told) == happened.model_dump(exclude=told)
    assert {(each.path, each.code) for each in said.problems.items} == {
        ("a/cut.png", "image_unreadable"),
        ("b/again.png", "duplicate"),
    }
    assert any(example.thumbnail for example in seen.examples)


async def test_a_look_stores_nothing(desk: Desk) -> None:
    before = await _counts(desk)

    await _detected(desk, archive(GOOD), is_thorough=True)

    assert await _counts(desk) == before


async def test_a_look_at_what_is_no_data_fails_by_name(desk: Desk) -> None:
    seen = await _detected(desk, archive({}))

    assert (seen.state, seen.error_code) == ("failed", "archive_empty")


async def test_what_cannot_be_looked_at_is_refused_at_once(desk: Desk) -> None:
    upload = await desk.upload(archive(GOOD))

    for request, code in (
        (DetectDataset(source=UploadSource(upload_id=new_id())), "upload_not_found"),
        (DetectDataset(source=UploadSource(upload_id=upload.id), format="csw"), "format_unknown"),
        (GetDetection(detection_id=new_id()), "detection_not_found"),
    ):
        with pytest.raises(ModelyardError) as refused:
            await desk.ask(request)
        assert refused.value.code == code


async def test_every_format_says_what_it_holds(desk: Desk) -> None:
    formats = (await desk.ask(ListFormats())).items

    assert "class_folders" in {each.name for each in formats}
    assert all(each.title and each.modalities for each in formats)


async def test_raw_data_is_prepared_later_by_a_named_adapter(desk: Desk) -> None:
    dataset_id = await _raw(desk, archive(GOOD))
    assert (await desk.ask(GetDataset(dataset_id=dataset_id))).status is DatasetStatus.RAW

    preparing = await desk.ask(
        PrepareDataset(dataset_id=dataset_id, adapter="class_folders", options=FormatOptions())
    )

    assert preparing.status is DatasetStatus.PREPARING
    await desk.settled(dataset_id)
    dataset = await desk.ask(GetDataset(dataset_id=dataset_id))
    assert (dataset.status, dataset.num_samples) == (DatasetStatus.READY, len(GOOD))
    with pytest.raises(ModelyardError) as refused:
        await desk.ask(PrepareDataset(dataset_id=dataset_id))
    assert refused.value.code == "dataset_busy"


async def test_raw_data_whose_bytes_are_gone_is_not_found(desk: Desk) -> None:
    upload = await desk.upload(archive(GOOD))
    project = await desk.project()
    source = UploadSource(upload_id=upload.id)
    made = await desk.ask(CreateDataset(project_id=project.id, name="raw", source=source, is_raw=True))

    await desk.ask(DeleteUpload(upload_id=upload.id))

    assert (await desk.ask(GetDataset(dataset_id=made.id))).status is DatasetStatus.NOT_FOUND


async def test_a_ready_dataset_whose_bytes_are_gone_is_not_found(desk: Desk) -> None:
    dataset = await desk.imported(archive(GOOD))

    await desk.house.storage.remove(await desk.objects(dataset.id))

    assert (await desk.ask(GetDataset(dataset_id=dataset.id))).status is DatasetStatus.NOT_FOUND


async def test_a_failed_import_is_tried_again_in_another_format(desk: Desk) -> None:
    made = await desk.create(archive(GOOD), format="coco")
    await desk.settled(made.id)
    assert (await desk.ask(GetDataset(dataset_id=made.id))).status is DatasetStatus.FAILED

    await desk.ask(PrepareDataset(dataset_id=made.id, adapter="class_folders"))

    async with asyncio.timeout(60):
        while (seen := await desk.ask(GetDataset(dataset_id=made.id))).status is DatasetStatus.PREPARING:
            await asyncio.sleep(0.05)
    assert (seen.status, seen.error_code, seen.num_samples) == (DatasetStatus.READY, None, len(GOOD))


async def test_a_preview_shows_five_samples(desk: Desk) -> None:
    dataset = await desk.imported(archive(GOOD))

    seen = (await desk.ask(GetPreview(dataset_id=dataset.id))).items

    assert len({sample.id for sample in seen}) == 5
    assert {sample.name for sample in seen} <= GOOD.keys()


async def _raw(desk: Desk, content: bytes) -> UUID:
    upload = await desk.upload(content)
    project = await desk.project()
    source = UploadSource(upload_id=upload.id)
    made = await desk.ask(
        CreateDataset(project_id=project.id, name=f"d-{new_id()}", source=source, is_raw=True)
    )
    return made.id


async def _counts(desk: Desk) -> list[int]:
    tables = ("samples", "shards", "versions", "staged_chunks", "datasets")
    async with desk.house.database.transaction() as session:
        return [await session.scalar(text(f"SELECT count(*) FROM datasets.{table}")) or 0 for table in tables]
