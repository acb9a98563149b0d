"""Splits: looked at, saved for good, read back as training reads them."""

from collections import Counter
from pathlib import Path

import pytest
import pytest_asyncio

from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import Dataset, DeleteDataset, UpdateDataset
from libs.common.contracts.splits import (
    CreateSplit,
    GetSplit,
    ListSplits,
    PreviewSplit,
    RatioSplit,
    ReferSplit,
    Split,
    SplitSaved,
)
from libs.common.errors import BadInput, Conflict, NotFound
from libs.common.ids import new_id
from libs.tasks.reading import ShardReader, read_manifest
from tests.integration.datasets.archives import archive, class_folders, image
from tests.integration.datasets.desk import Desk

FILES = {
    f"{label}/{number:02}.png": image(ord(label) * 1000 + number)
    for label, count in (("a", 50), ("b", 30), ("c", 20))
    for number in range(count)
}


@pytest_asyncio.fixture(scope="module")
async def dataset(desk: Desk) -> Dataset:
    return await desk.imported(archive(FILES))


@pytest_asyncio.fixture(scope="module")
async def split(desk: Desk, dataset: Dataset) -> Split:
    return await desk.ask(CreateSplit(dataset_id=dataset.id, name="Eighty, ten, ten"))


async def test_a_preview_shows_sizes_and_classes_and_saves_nothing(desk: Desk, dataset: Dataset) -> None:
    before = await desk.count("splits", dataset.id)

    shown = await desk.ask(PreviewSplit(dataset_id=dataset.id))

    assert shown.version == 1
    found = {each.subset: {c.name: c.count for c in each.classes} for each in shown.subsets}
    assert found == {
        "train": {"a": 40, "b": 24, "c": 16},
        "val": {"a": 5, "b": 3, "c": 2},
        "test": {"a": 5, "b": 3, "c": 2},
    }
    assert [(each.subset, each.num_samples) for each in shown.subsets] == [
        ("train", 80),
        ("val", 10),
        ("test", 10),
    ]
    assert await desk.count("splits", dataset.id) == before


async def test_a_saved_split_is_what_was_previewed_and_announced(
    desk: Desk, dataset: Dataset, split: Split
) -> None:
    shown = await desk.ask(PreviewSplit(dataset_id=dataset.id))

    assert (split.subsets, split.version, split.locked) == (shown.subsets, 1, True)
    assert await desk.ask(GetSplit(split_id=split.id)) == split
    saved = await desk.house.wait_for(SplitSaved, split_id=split.id)
    assert (saved.project_id, saved.dataset_id, saved.name) == (dataset.project_id, dataset.id, split.name)
    samples = await desk.samples(dataset.id, split_id=split.id)
    assert Counter(sample.subset for sample in samples) == {"train": 80, "val": 10, "test": 10}


async def test_training_reads_every_sample_from_the_manifest_and_the_shards(
    desk: Desk, dataset: Dataset, split: Split, tmp_path: Path
) -> None:
    data = await desk.ask(ReferSplit(split_id=split.id))

    assert (data.project_id, data.dataset_id, data.split_id) == (dataset.project_id, dataset.id, split.id)
    assert (data.dataset_name, data.version, data.classes) == (dataset.name, 1, ("a", "b", "c"))
    assert (data.subset_counts, data.held_out) == ({"train": 80, "val": 10, "test": 10}, ("test",))
    await desk.house.storage.get_file(data.manifest, tmp_path / "manifest.parquet")
    shards = {shard.key: tmp_path / f"{number}.tar" for number, shard in enumerate(data.shards)}
    for shard in data.shards:
        await desk.house.storage.get_file(shard.key, shards[shard.key])
        assert shards[shard.key].stat().st_size == shard.size_bytes
    records = read_manifest(tmp_path / "manifest.parquet")
    with ShardReader(shards) as reader:
        assert {record.name: reader.read(record) for record in records} == FILES
    samples = {str(sample.id): sample for sample in await desk.samples(dataset.id, split_id=split.id)}
    assert samples.keys() == {record.id for record in records}
    for record in records:
        sample = samples[record.id]
        assert (record.subset, record.annotations) == (sample.subset, sample.annotations)
    assert len(read_manifest(tmp_path / "manifest.parquet", ["val"])) == 10


async def test_the_same_data_splits_the_same_way_whatever_the_order_of_its_files(
    desk: Desk, dataset: Dataset, split: Split
) -> None:
    again = await desk.imported(archive(dict(reversed(FILES.items()))))
    repeated = await desk.ask(CreateSplit(dataset_id=again.id))
    reseeded = await desk.ask(CreateSplit(dataset_id=again.id, name="other", method=RatioSplit(seed=1)))

    async def subsets(of: Dataset, by: Split) -> dict[str, str | None]:
        return {sample.name: sample.subset for sample in await desk.samples(of.id, split_id=by.id)}

    first = await subsets(dataset, split)
    assert await subsets(again, repeated) == first
    assert await subsets(again, reseeded) != first


async def test_a_saved_split_outlives_changes_around_it(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 20}))
    split = await desk.ask(CreateSplit(dataset_id=dataset.id))
    before = await desk.ask(ReferSplit(split_id=split.id))
    content = await desk.house.storage.get_bytes(before.manifest)

    await desk.ask(CreateSplit(dataset_id=dataset.id, name="second", method=RatioSplit(seed=3)))
    await desk.ask(UpdateDataset(dataset_id=dataset.id, name="Renamed"))

    assert await desk.ask(GetSplit(split_id=split.id)) == split
    after = await desk.ask(ReferSplit(split_id=split.id))
    assert after == before.model_copy(update={"dataset_name": "Renamed"})
    assert await desk.house.storage.get_bytes(after.manifest) == content


async def test_a_name_is_taken_once_per_dataset(desk: Desk, dataset: Dataset, split: Split) -> None:
    with pytest.raises(Conflict) as refused:
        await desk.ask(CreateSplit(dataset_id=dataset.id, name=split.name))
    assert (refused.value.code, refused.value.errors[0].field) == ("split_name_taken", "name")

    other = await desk.imported(class_folders({"a": 20}))
    assert (await desk.ask(CreateSplit(dataset_id=other.id, name=split.name))).name == split.name


async def test_too_few_samples_are_refused_and_nothing_is_saved(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 1, "b": 1}))

    for request in (PreviewSplit(dataset_id=dataset.id), CreateSplit(dataset_id=dataset.id)):
        with pytest.raises(BadInput, match="would stay empty") as refused:
            await desk.ask(request)
        assert refused.value.code == "subset_empty"
    assert (await desk.ask(ListSplits(dataset_id=dataset.id))).items == ()
    assert len(await desk.objects(dataset.id)) == 2


async def test_splits_are_listed_newest_first(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 20}))
    made = [await desk.ask(CreateSplit(dataset_id=dataset.id, name=f"s{number}")) for number in range(3)]

    first = await desk.ask(ListSplits(dataset_id=dataset.id, query=PageQuery(limit=2)))
    rest = await desk.ask(
        ListSplits(dataset_id=dataset.id, query=PageQuery(limit=2, cursor=first.next_cursor))
    )

    assert [*first.items, *rest.items] == made[::-1]


async def test_a_deleted_dataset_takes_its_splits_with_it(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 20}))
    split = await desk.ask(CreateSplit(dataset_id=dataset.id))

    await desk.ask(DeleteDataset(dataset_id=dataset.id))

    for request in (GetSplit(split_id=split.id), ReferSplit(split_id=split.id), GetSplit(split_id=new_id())):
        with pytest.raises(NotFound) as missing:
            await desk.ask(request)
        assert missing.value.code == "split_not_found"
    await desk.until_no_objects(dataset.id)
