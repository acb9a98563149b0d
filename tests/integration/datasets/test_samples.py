"""Pages of samples: every order, every filter, nothing twice and nothing left out."""

import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.samples import ListSamples, Sample, SampleFilter, SampleSort
from libs.common.contracts.splits import CreateSplit, Split
from libs.common.errors import BadInput, NotFound
from libs.common.ids import new_id
from tests.integration.datasets.archives import archive, class_folders, image
from tests.integration.datasets.desk import Desk

ORDERS: dict[SampleSort, Callable[[Sample], Any]] = {
    "name": lambda sample: sample.name.encode(),
    "size": lambda sample: (sample.size_bytes, sample.id),
    "created": lambda sample: sample.id,
}


@pytest_asyncio.fixture(scope="module")
async def dataset(desk: Desk) -> Dataset:
    """Many of the same size, so that pages end between equals; names that patterns could mistake."""
    files = {
        f"{label}/{number:02}{suffix}": image(ord(label) * 100 + number, 8 + number // 10)
        for label, suffix in (("a", ".png"), ("b", "_x.png"), ("C", "%.png"))
        for number in range(20)
    }
    return await desk.imported(archive(files, zipfile.ZIP_STORED))


@pytest_asyncio.fixture(scope="module")
async def split(desk: Desk, dataset: Dataset) -> Split:
    return await desk.ask(CreateSplit(dataset_id=dataset.id))


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("limit", [1, 7, 60])
async def test_pages_follow_the_order_without_a_gap(
    desk: Desk, dataset: Dataset, sort: SampleSort, limit: int
) -> None:
    found = await desk.samples(dataset.id, limit, sort)
    backwards = await desk.samples(dataset.id, limit, f"-{sort}")  # type: ignore[arg-type]

    assert len({sample.id for sample in found}) == len(found) == 60
    assert found == sorted(found, key=ORDERS[sort])
    assert backwards == found[::-1]


@pytest.mark.parametrize("sort", ORDERS)
async def test_filters_hold_on_every_page(
    desk: Desk, dataset: Dataset, split: Split, sort: SampleSort
) -> None:
    everything = await desk.samples(dataset.id, sort=sort, split_id=split.id)
    assert {sample.subset for sample in everything} == {"train", "val", "test"}

    for wanted, fits in (
        ({"label": "b"}, lambda sample: sample.name.startswith("b/")),
        ({"text": "0_x"}, lambda sample: "0_x" in sample.name),
        ({"text": "%"}, lambda sample: "%" in sample.name),
        ({"split_id": split.id, "subset": "train"}, lambda sample: sample.subset == "train"),
        (
            {"split_id": split.id, "subset": "val", "label": "C", "text": "1"},
            lambda sample: sample.subset == "val" and sample.name.startswith("C/") and "1" in sample.name,
        ),
        ({"label": "nothing"}, lambda sample: False),
    ):
        found = await desk.samples(dataset.id, 4, sort, **wanted)
        expected = [sample.id for sample in everything if fits(sample)]
        assert [sample.id for sample in found] == expected, wanted


async def test_a_cursor_that_is_not_ours_is_refused(desk: Desk, dataset: Dataset) -> None:
    for sort, cursor in (("name", "x"), ("size", f"{new_id()}:large"), ("created", "::"), ("size", "é")):
        wanted = ListSamples.model_validate(
            {"dataset_id": dataset.id, "sort": sort, "query": PageQuery(cursor=cursor)}
        )
        with pytest.raises(BadInput, match="cursor"):
            await desk.ask(wanted)


async def test_a_dataset_without_a_version_has_no_samples_yet(desk: Desk, dataset: Dataset) -> None:
    made = await desk.create(b"no archive")
    await desk.settled(made.id)

    assert await desk.samples(made.id) == []
    with pytest.raises(NotFound):
        await desk.ask(ListSamples(dataset_id=new_id(), filter=SampleFilter(label="a")))
    with pytest.raises(NotFound, match="no version 2"):
        await desk.ask(ListSamples(dataset_id=dataset.id, version=2))


async def test_the_samples_of_another_dataset_are_never_among_them(desk: Desk, dataset: Dataset) -> None:
    other = await desk.imported(class_folders({"a": 3}))

    assert {sample.dataset_id for sample in await desk.samples(other.id, label="a")} == {other.id}
