"""Splits of several datasets as one: read as training reads them, refused where they do not go together."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from libs.common import artifacts
from libs.common.contracts.datasets import DataReference, Dataset, DeleteDataset
from libs.common.contracts.projects import Project
from libs.common.contracts.splits import CombineSplits, CreateSplit, FieldSplit, NoSplit, ReferSplit, Split
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from libs.tasks.reading import ShardReader, read_manifest
from tests.integration.datasets.archives import archive, class_folders, image
from tests.integration.datasets.desk import Desk

SHARED = image(7)


@pytest_asyncio.fixture(scope="module")
async def project(desk: Desk) -> Project:
    return await desk.project()


async def split_of(desk: Desk, dataset: Dataset, **wanted: Any) -> Split:
    return await desk.ask(CreateSplit(dataset_id=dataset.id, **wanted))


@pytest_asyncio.fixture(scope="module")
async def splits(desk: Desk, project: Project) -> list[Split]:
    """Of three datasets, whose classes overlap in part."""
    contents = ({"a": 20, "b": 20}, {"b": 20, "c": 20}, {"0": 20})
    return [await split_of(desk, await desk.imported(class_folders(each), project)) for each in contents]


async def combined(desk: Desk, *splits: Split, **wanted: Any) -> DataReference:
    return await desk.ask(CombineSplits(split_ids=tuple(each.id for each in splits), **wanted))


async def refusal(desk: Desk, *splits: Split) -> tuple[str, str | None, str]:
    """Code, place and words."""
    with pytest.raises(ModelyardError) as refused:
        await combined(desk, *splits)
    assert 400 <= refused.value.status < 500
    return refused.value.code, refused.value.errors[0].field, refused.value.errors[0].message


async def test_training_reads_every_sample_of_every_dataset(
    desk: Desk, splits: list[Split], tmp_path: Path
) -> None:
    data = await combined(desk, *splits)

    parts = [await desk.ask(ReferSplit(split_id=each.id)) for each in splits]
    assert [(part.dataset_id, part.split_id) for part in data.parts] == [
        (split.dataset_id, split.id) for split in splits
    ]
    assert data.classes == ("0", "a", "b", "c")
    assert data.subset_counts == dict(sum((Counter(part.subset_counts) for part in parts), Counter()))
    assert (data.modality, data.annotation_types, data.num_left_out) == ("image", ("label",), 0)
    assert data.untrained == ()
    file, shards = tmp_path / "manifest.parquet", {}
    file.write_bytes(await desk.house.storage.get_bytes(data.manifest))
    for number, shard in enumerate(data.shards):
        shards[shard.key] = tmp_path / str(number)
        shards[shard.key].write_bytes(await desk.house.storage.get_bytes(shard.key))
    records, reader = read_manifest(file), ShardReader(shards)
    assert len({record.id for record in records}) == len(records) == 100
    assert Counter(record.subset for record in records) == data.subset_counts
    assert all(reader.read(record).startswith(b"\x89PNG") for record in records)


async def test_one_split_alone_is_its_own_reference(desk: Desk, splits: list[Split]) -> None:
    assert await combined(desk, splits[0]) == await desk.ask(ReferSplit(split_id=splits[0].id))


async def test_the_same_splits_are_combined_once(desk: Desk, splits: list[Split]) -> None:
    first = await combined(desk, *splits[:2])
    before = await desk.stored(splits[0].dataset_id)

    assert await combined(desk, *splits[:2]) == first
    assert await desk.stored(splits[0].dataset_id) == before
    assert first.manifest in {each.key for each in before}
    assert (await combined(desk, *splits[1::-1])).manifest != first.manifest


async def test_what_one_trains_on_and_another_holds_out_is_refused_or_left_out(
    desk: Desk, project: Project
) -> None:
    files = {"train/a/shared.png": SHARED, "train/b/1.png": image(71), "val/a/2.png": image(72)}
    others = {"train/a/3.png": image(73), "val/a/4.png": image(74), "test/a/same.png": SHARED}
    one = await split_of(desk, await desk.imported(archive(files), project, name="One"), method=FieldSplit())
    other = await split_of(
        desk, await desk.imported(archive(others), project, name="Other"), method=FieldSplit()
    )

    code, field, words = await refusal(desk, one, other)
    data = await combined(desk, one, other, leaks="leave_out")

    assert (code, field) == ("datasets_leak", "split_ids.1")
    assert words.startswith("1 file is in different subsets of two datasets")
    assert "shared.png in train of One" in words and "same.png in test of Other" in words
    assert data.subset_counts == {"train": 2, "val": 2, "test": 1}
    assert data.num_left_out == 1


async def test_what_does_not_go_together_is_refused_by_name(
    desk: Desk, project: Project, splits: list[Split]
) -> None:
    elsewhere = await split_of(desk, await desk.imported(class_folders({"a": 20})))
    again = await desk.ask(
        CreateSplit(dataset_id=splits[0].dataset_id, name="again", method=NoSplit(subset="train"))
    )
    rows = b"text,label\n" + b"".join(b"word %d,a\n" % number for number in range(20))
    texts = await desk.imported(archive({"words.csv": rows}), project, format="csv", name="Words")
    text = await split_of(desk, texts)
    unknown = splits[0].model_copy(update={"id": new_id()})

    assert (await refusal(desk, splits[0], elsewhere))[:2] == ("splits_apart", "split_ids.1")
    assert (await refusal(desk, splits[0], splits[1], again))[:2] == ("splits_apart", "split_ids.2")
    code, field, words = await refusal(desk, splits[0], text)
    assert (code, field) == ("datasets_differ", "split_ids.1")
    assert words.startswith("Words holds text")
    assert (await refusal(desk, splits[0], unknown))[:2] == ("split_not_found", "split_ids.1")


async def test_a_dataset_whose_bytes_are_gone_is_refused_with_why(desk: Desk, project: Project) -> None:
    split = await split_of(desk, await desk.imported(class_folders({"a": 20}), project, name="Gone"))
    data = await desk.ask(ReferSplit(split_id=split.id))
    await desk.house.storage.remove([shard.key for shard in data.shards])

    assert await refusal(desk, split) == (
        "dataset_not_ready",
        "split_ids.0",
        "dataset Gone is no longer in the object store",
    )


async def test_a_combination_goes_with_its_first_dataset(desk: Desk, project: Project) -> None:
    made = [await desk.imported(class_folders({"a": 20}), project) for _ in range(2)]
    data = await combined(desk, *[await split_of(desk, each) for each in made])
    assert data.manifest.startswith(artifacts.dataset_prefix(made[0].id))

    await desk.ask(DeleteDataset(dataset_id=made[0].id))

    await desk.until_no_objects(made[0].id)
