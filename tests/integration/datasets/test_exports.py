"""Exports: a version written out, imported again, and the same."""

import io
import zipfile

import pytest

from libs.common.contracts.base import PageQuery
from libs.common.contracts.dataset_exports import (
    CreateDatasetExport,
    DatasetExported,
    ListDatasetExports,
)
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


def _subsets(samples: list[Sample]) -> dict[str, str | None]:
    """By content."""
    return {sample.sha256: sample.subset for sample in samples}


async def test_a_completed_export_is_announced(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))

    export = await desk.exported(dataset, "class_folders")

    fact = await desk.house.wait_for(DatasetExported, export_id=export.id)
    assert (fact.dataset_id, fact.format, fact.version) == (dataset.id, "class_folders", 1)
    assert (export.num_samples, export.num_losses) == (len(FILES), 0)


@pytest.mark.parametrize("format", ["class_folders", "csv", "voc", "yolo"])
async def test_subsets_of_a_split_are_exported_and_come_back(desk: Desk, format: str) -> None:
    dataset = await desk.imported(archive(FILES))
    method = RatioSplit(ratios={"train": 0.5, "val": 0.25, "test": 0.25})
    split = await desk.ask(CreateSplit(dataset_id=dataset.id, method=method))

    export = await desk.exported(dataset, format, split_id=split.id)
    again = await desk.imported(await desk.downloaded(export), format=format)

    assert _subsets(await desk.samples(again.id)) == _subsets(
        await desk.samples(dataset.id, split_id=split.id)
    )


async def test_an_old_version_is_exported_as_it_was(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    samples = await desk.samples(dataset.id)
    await desk.ask(DeleteSample(sample_id=samples[0].id))

    old, new = [await desk.exported(dataset, "class_folders", version=each) for each in (1, None)]

    assert (old.version, old.num_samples, new.version, new.num_samples) == (1, 12, 2, 11)
    with zipfile.ZipFile(io.BytesIO(await desk.downloaded(new))) as file:
        assert len(file.namelist()) == 11


async def test_what_cannot_be_exported_is_refused_by_name(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    for wanted, code in (
        ({"format": "csw"}, "format_unknown"),
        ({"format": "text"}, "format_cannot_carry"),
        ({"format": "class_folders", "version": 7}, "dataset_version_not_found"),
        ({"format": "class_folders", "split_id": new_id()}, "split_not_found"),
    ):
        with pytest.raises(ModelyardError) as refused:
            await desk.ask(CreateDatasetExport.model_validate({"dataset_id": dataset.id, **wanted}))
        assert refused.value.code == code


async def test_exports_are_listed_newest_first(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    made = [(await desk.exported(dataset, "class_folders")).id for _ in range(2)]

    page = await desk.ask(ListDatasetExports(dataset_id=dataset.id, query=PageQuery(limit=1)))

    assert [each.id for each in page.items] == made[1:]
    assert page.next_cursor is not None
    assert (await desk.ask(ListSamples(dataset_id=dataset.id))).items
