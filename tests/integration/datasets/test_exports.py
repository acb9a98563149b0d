"""Exports: a version written out, imported again, and the same."""

import asyncio
import hashlib
import io
import zipfile
from typing import Any

import httpx
import pytest

from libs.common.contracts.base import PageQuery
from libs.common.contracts.dataset_exports import (
    CreateDatasetExport,
    DatasetExport,
    DatasetExported,
    DatasetExportState,
    DownloadDatasetExport,
    GetDatasetExport,
    ListDatasetExports,
)
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.samples import ListSamples, Sample
from libs.common.contracts.splits import CreateSplit, RatioSplit
from libs.common.contracts.versions import DeleteSample
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from tests.integration.datasets.archives import archive, image
from tests.integration.datasets.desk import Desk

FILES = {
    f"{label}/{number}.png": image(number + 10 * place)
    for place, label in enumerate("ab")
    for number in range(6)
}


async def _exported(desk: Desk, dataset: Dataset, **wanted: Any) -> DatasetExport:
    made = await desk.ask(CreateDatasetExport(dataset_id=dataset.id, **wanted))
    async with asyncio.timeout(60):
        while made.state is DatasetExportState.RUNNING:
            await asyncio.sleep(0.05)
            made = await desk.ask(GetDatasetExport(dataset_id=dataset.id, export_id=made.id))
    assert made.error_code is None, (made.error_code, made.error_detail)
    return made


async def _content(desk: Desk, export: DatasetExport) -> bytes:
    request = DownloadDatasetExport(dataset_id=export.dataset_id, export_id=export.id)
    download = await desk.ask(request)
    async with httpx.AsyncClient() as client:
        content = (await client.get(download.url)).raise_for_status().content
    assert (len(content), hashlib.sha256(content).hexdigest()) == (export.size_bytes, export.sha256)
    return content


def _told(samples: list[Sample]) -> dict[str, Any]:
    """What must survive, by content."""
    return {sample.sha256: (sample.annotations, sample.subset) for sample in samples}


@pytest.mark.parametrize("format", ["class_folders", "jsonl", "parquet", "csv"])
async def test_an_export_imported_again_is_the_same_dataset(desk: Desk, format: str) -> None:
    dataset = await desk.imported(archive(FILES))

    export = await _exported(desk, dataset, format=format)
    again = await desk.imported(await _content(desk, export), format=format)

    assert (export.num_samples, export.num_losses) == (len(FILES), 0)
    assert _told(await desk.samples(again.id)) == _told(await desk.samples(dataset.id))
    assert await desk.house.wait_for(DatasetExported, export_id=export.id)


async def test_subsets_of_a_split_are_exported_and_come_back(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    method = RatioSplit(ratios={"train": 0.5, "val": 0.5})
    split = await desk.ask(CreateSplit(dataset_id=dataset.id, method=method))

    export = await _exported(desk, dataset, format="class_folders", split_id=split.id)
    again = await desk.imported(await _content(desk, export))

    assert _told(await desk.samples(again.id)) == _told(await desk.samples(dataset.id, split_id=split.id))


async def test_an_old_version_is_exported_as_it_was(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    samples = await desk.samples(dataset.id)
    await desk.ask(DeleteSample(sample_id=samples[0].id))

    old, new = [await _exported(desk, dataset, format="class_folders", version=each) for each in (1, None)]

    assert (old.version, old.num_samples, new.version, new.num_samples) == (1, 12, 2, 11)
    with zipfile.ZipFile(io.BytesIO(await _content(desk, new))) as file:
        assert len(file.namelist()) == 11


async def test_what_cannot_be_exported_is_refused_by_name(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    for wanted, code in (
        ({"format": "csw"}, "format_unknown"),
        ({"format": "plain_text"}, "format_cannot_carry"),
        ({"format": "class_folders", "version": 7}, "dataset_version_not_found"),
        ({"format": "class_folders", "split_id": new_id()}, "split_not_found"),
    ):
        with pytest.raises(ModelyardError) as refused:
            await desk.ask(CreateDatasetExport(dataset_id=dataset.id, **wanted))
        assert refused.value.code == code


async def test_exports_are_listed_newest_first(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    made = [(await _exported(desk, dataset, format="class_folders")).id for _ in range(2)]

    page = await desk.ask(ListDatasetExports(dataset_id=dataset.id, query=PageQuery(limit=1)))

    assert [each.id for each in page.items] == made[1:]
    assert page.next_cursor is not None
    assert (await desk.ask(ListSamples(dataset_id=dataset.id))).items
