"""Ways of splitting on imported data: groups, near-duplicates, data that is added, fields, names, leaks."""

import asyncio
import io
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from PIL import Image

from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import AddSamples, Dataset, GetDataset
from libs.common.contracts.imports import FormatOptions
from libs.common.contracts.sources import UploadSource
from libs.common.contracts.splits import (
    CheckLeaks,
    CreateSplit,
    FieldGroup,
    FieldSplit,
    FileSplit,
    FilterSplit,
    FolderGroup,
    ListSplits,
    NameGroup,
    NoSplit,
    PreviewSplit,
    RatioSplit,
    ReferSplit,
    Rule,
    Split,
    SplitMethod,
)
from libs.common.contracts.versions import EditSamples
from libs.common.errors import BadInput, ModelyardError, NotFound
from libs.common.ids import new_id
from libs.tasks.reading import read_manifest
from tests.integration.datasets.archives import archive, image
from tests.integration.datasets.desk import Desk

HALVES = {"train": 0.5, "test": 0.5}
ROWS = [
    (
        f"img/{number:02}.png",
        "ab"[number % 2],
        f"film-{number // 6}",
        ("train", "restval", "val", "")[number % 4],
    )
    for number in range(48)
]


def again(picture: bytes) -> bytes:
    """The same to an eye, other bytes."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture)).save(buffer, "BMP")
    return buffer.getvalue()


def films() -> bytes:
    """A table of pictures of eight films; a quarter has no part of its own."""
    table = "\n".join(["file,label,film,part", *map(",".join, ROWS)])
    files = {name: image(number) for number, (name, *_) in enumerate(ROWS)}
    return archive({"table.csv": table.encode(), **files})


@pytest_asyncio.fixture(scope="module")
async def dataset(desk: Desk) -> Dataset:
    options = FormatOptions(path_column="file", label_columns=("label",))
    return await desk.imported(films(), format="csv", options=options)


async def create(desk: Desk, dataset: Dataset, method: SplitMethod, **more: object) -> Split:
    return await desk.ask(
        CreateSplit.model_validate(
            {"dataset_id": dataset.id, "name": f"s-{new_id()}", "method": method, **more}
        )
    )


async def subsets(desk: Desk, split: Split) -> dict[str, str | None]:
    """By name, of those that are in it."""
    samples = await desk.samples(split.dataset_id, split_id=split.id)
    return {sample.name: sample.subset for sample in samples}


async def add(desk: Desk, dataset: Dataset, files: dict[str, bytes]) -> Dataset:
    upload = await desk.upload(archive(files))
    await desk.ask(AddSamples(dataset_id=dataset.id, source=UploadSource(upload_id=upload.id)))
    async with asyncio.timeout(60):
        while (seen := await desk.ask(GetDataset(dataset_id=dataset.id))).is_adding:
            await asyncio.sleep(0.05)
    assert seen.error_code is None, seen.error_detail
    return seen


async def refusal(desk: Desk, request: object) -> ModelyardError:
    with pytest.raises(ModelyardError) as refused:
        await desk.ask(request)
    return refused.value


async def test_films_stay_whole_and_a_leak_check_finds_nothing(desk: Desk, dataset: Dataset) -> None:
    split = await create(desk, dataset, RatioSplit(ratios=HALVES, group=FieldGroup(field="film")))

    found = await subsets(desk, split)
    sides = {(film, found[name]) for name, _, film, _ in ROWS}
    assert len(sides) == split.num_groups == 8
    assert {each.subset: each.num_samples for each in split.subsets} == {"train": 24, "test": 24}
    assert [{c.name: c.count for c in each.classes} for each in split.subsets] == [{"a": 12, "b": 12}] * 2
    report = await desk.ask(CheckLeaks(split_id=split.id))
    assert (report.group, report.num_leaks, report.leaks) == (FieldGroup(field="film"), 0, ())


async def test_a_split_that_parts_films_leaks_them(desk: Desk, dataset: Dataset) -> None:
    split = await create(desk, dataset, RatioSplit(ratios=HALVES))

    report = await desk.ask(CheckLeaks(split_id=split.id, group=FieldGroup(field="film")))

    assert (report.num_duplicates, report.num_near_duplicates) == (0, 0)
    assert report.num_leaks == report.num_groups == len(report.leaks)
    assert report.num_samples == 6 * report.num_groups
    first, found = report.leaks[0], await subsets(desk, split)
    assert (first.kind, first.num_samples) == ("group", 6)
    assert dict(zip(first.names, first.subsets, strict=True)).items() <= found.items()
    assert (await desk.ask(CheckLeaks(split_id=split.id))).num_leaks == 0


async def test_a_field_splits_as_karpathy_did_and_the_rest_is_nowhere(
    desk: Desk, dataset: Dataset, tmp_path: Path
) -> None:
    """What is left out is left out of pages, counts and the manifest, and of what runs are told."""
    method = FieldSplit(field="part", subsets={"train": "train", "restval": "train", "val": "val"})
    wanted = {name: "val" if part == "val" else "train" for name, _, _, part in ROWS if part}

    split = await create(desk, dataset, method)

    assert await subsets(desk, split) == wanted
    assert (split.num_left_out, split.extends) == (12, None)
    data = await desk.ask(ReferSplit(split_id=split.id))
    assert (data.subset_counts, data.classes) == ({"train": 24, "val": 12}, ("a", "b"))
    await desk.house.storage.get_file(data.manifest, tmp_path / "manifest.parquet")
    records = read_manifest(tmp_path / "manifest.parquet")
    assert {record.name: record.subset for record in records} == wanted


async def test_classes_are_those_of_the_samples_that_are_in_it(desk: Desk, dataset: Dataset) -> None:
    split = await create(desk, dataset, FilterSplit(rules=(Rule(subset="train", label="b"),)))

    assert (await desk.ask(ReferSplit(split_id=split.id))).classes == ("b",)


async def test_classes_that_are_only_held_out_are_told(desk: Desk, dataset: Dataset) -> None:
    apart = await create(desk, dataset, FilterSplit(rules=(Rule(subset="val", label="b"),), rest="train"))
    together = await create(desk, dataset, RatioSplit())

    assert (await desk.ask(ReferSplit(split_id=apart.id))).untrained == ("b",)
    assert (await desk.ask(ReferSplit(split_id=together.id))).untrained == ()


async def test_names_and_rules_and_nothing_split_too(desk: Desk, dataset: Dataset) -> None:
    by_name = await create(
        desk, dataset, FileSplit(files={"test": ("img/00.png", "img/4?.png")}, rest="train")
    )
    rules = (Rule(subset="test", field="film", value="film-3"), Rule(subset="val", label="b", max_side=8))
    by_rule = await create(desk, dataset, FilterSplit(rules=rules, rest="train"))
    whole = await create(desk, dataset, NoSplit(subset="all"))

    assert {each.subset: each.num_samples for each in by_name.subsets} == {"test": 9, "train": 39}
    assert {each.subset: each.num_samples for each in by_rule.subsets} == {"test": 6, "val": 21, "train": 21}
    assert {each.subset: each.num_samples for each in whole.subsets} == {"all": 48}


@pytest.mark.parametrize(
    ("method", "code", "place"),
    [
        (RatioSplit(group=FieldGroup(field="movie")), "field_unknown", "method.group.field"),
        (FieldSplit(field="movie"), "field_unknown", "method.field"),
        (FieldSplit(), "subset_empty", "method.field"),
        (FieldSplit(field="part", subsets={"tset": "test"}), "subset_empty", "method.subsets.tset"),
        (FileSplit(files={"test": ("img/99.png",)}), "names_unknown", "method.files.test"),
        (FilterSplit(rules=(Rule(subset="a", label="z"),)), "rule_never_fits", "method.rules.0"),
        (FilterSplit(rules=(Rule(subset="a", field="movie"),)), "field_unknown", "method.rules.0.field"),
        (RatioSplit(group=FolderGroup()), "subset_empty", "method.ratios"),
    ],
)
async def test_what_cannot_be_split_so_is_refused_at_its_place(
    desk: Desk, dataset: Dataset, method: SplitMethod, code: str, place: str
) -> None:
    for request in (
        PreviewSplit(dataset_id=dataset.id, method=method),
        CreateSplit(dataset_id=dataset.id, name="refused", method=method),
    ):
        refused = await refusal(desk, request)
        assert isinstance(refused, BadInput)
        assert (refused.code, refused.errors[0].field) == (code, place)


async def test_an_unknown_field_is_told_with_those_that_there_are(desk: Desk, dataset: Dataset) -> None:
    refused = await refusal(desk, PreviewSplit(dataset_id=dataset.id, method=FieldSplit(field="movie")))

    assert refused.detail == "no sample has the field 'movie'; there are: film, part"


async def test_what_is_not_there_is_not_found(desk: Desk, dataset: Dataset) -> None:
    for request, code in (
        (PreviewSplit(dataset_id=dataset.id, version=7), "dataset_version_not_found"),
        (CreateSplit(dataset_id=dataset.id, version=7), "dataset_version_not_found"),
        (PreviewSplit(dataset_id=new_id()), "dataset_not_found"),
        (CheckLeaks(split_id=new_id()), "split_not_found"),
    ):
        refused = await refusal(desk, request)
        assert isinstance(refused, NotFound)
        assert refused.code == code


async def test_data_that_is_added_moves_nothing_and_fills_what_is_owed(desk: Desk) -> None:
    first = {
        f"{label}/{number}.png": image(ord(label) * 1000 + number) for label in "ab" for number in range(20)
    }
    dataset = await desk.imported(archive(first))
    old = await create(desk, dataset, RatioSplit(seed=3))
    before = await subsets(desk, old)
    await create(desk, dataset, RatioSplit(seed=4))
    more = {
        f"{label}/{number}.png": image(ord(label) * 1000 + number)
        for label in "ab"
        for number in range(20, 50)
    }

    dataset = await add(desk, dataset, more)
    seen = await desk.ask(PreviewSplit(dataset_id=dataset.id, method=RatioSplit(seed=3)))
    new = await create(desk, dataset, RatioSplit(seed=3))

    assert (old.extends, old.num_kept, new.extends, new.num_kept) == (None, 0, old.id, 40)
    assert (seen.subsets, seen.extends, seen.num_kept) == (new.subsets, new.extends, 40)
    after = await subsets(desk, new)
    assert {name: after[name] for name in before} == before
    assert Counter(after.values()) == {"train": 80, "val": 10, "test": 10}
    assert [{c.name: c.count for c in each.classes} for each in new.subsets] == [
        {"a": 40, "b": 40}, {"a": 5, "b": 5}, {"a": 5, "b": 5},
    ]  # fmt: skip
    assert (await desk.ask(PreviewSplit(dataset_id=dataset.id, version=1))).extends is None
    other = await desk.ask(PreviewSplit(dataset_id=dataset.id, method=RatioSplit(seed=4)))
    assert other.extends not in (None, old.id)


async def test_a_sample_that_was_deleted_and_comes_back_is_where_it_was(desk: Desk) -> None:
    files = {f"a/{number}.png": image(7000 + number) for number in range(20)}
    dataset = await desk.imported(archive(files))
    old = await create(desk, dataset, RatioSplit())
    before = await subsets(desk, old)
    gone = next(sample for sample in await desk.samples(dataset.id) if before[sample.name] == "test")

    await desk.ask(EditSamples(dataset_id=dataset.id, remove=(gone.id,)))
    dataset = await add(desk, dataset, {"a/renamed.png": files[gone.name]})
    new = await create(desk, dataset, RatioSplit())

    assert (await subsets(desk, new))["a/renamed.png"] == "test"
    assert new.num_kept == 20


async def test_pictures_that_look_alike_stay_together_also_when_they_come_later(desk: Desk) -> None:
    files = {f"a/{number:02}.png": image(8000 + number, 32, 32) for number in range(20)}
    dataset = await desk.imported(archive(files | {"a/twin.png": again(files["a/00.png"])}))
    method = RatioSplit(ratios=HALVES, near_duplicates=4)

    first = await create(desk, dataset, method)
    dataset = await add(
        desk, dataset, {f"a/{name[2:4]}-copy.png": again(files[name]) for name in sorted(files)[1:]}
    )
    second = await create(desk, dataset, method)

    found = await subsets(desk, first)
    assert found["a/twin.png"] == found["a/00.png"]
    assert (first.num_groups, second.num_groups, second.num_torn_groups) == (1, 20, 0)
    later = await subsets(desk, second)
    assert {name: later[name] for name in found} == found
    assert all(later[f"a/{number:02}-copy.png"] == later[f"a/{number:02}.png"] for number in range(1, 20))
    assert (await desk.ask(CheckLeaks(split_id=second.id))).num_leaks == 0


async def test_a_group_that_comes_later_than_its_parts_is_torn_and_told(desk: Desk) -> None:
    """Two scans that looked alone turn out to be of one patient only by their later names."""
    files = {f"p{number:02}-1.png": image(9000 + number, 32, 32) for number in range(20)}
    dataset = await desk.imported(archive(files), format="images")
    method = RatioSplit(ratios=HALVES, near_duplicates=4, group=NameGroup())
    first = await create(desk, dataset, method)
    found = await subsets(desk, first)
    one = next(name for name in sorted(found) if found[name] == "train")
    other = next(name for name in sorted(found) if found[name] == "test")

    dataset = await add(desk, dataset, {f"{one[:3]}-2.png": again(files[other])})
    second = await create(desk, dataset, method)

    assert (second.num_torn_groups, second.num_kept) == (1, 20)
    report = await desk.ask(CheckLeaks(split_id=second.id))
    assert report.num_leaks == 1
    assert {one, other} & set(report.leaks[0].names)


async def test_a_split_that_the_import_named_is_checked_too(desk: Desk) -> None:
    pictures = {
        f"{label}/{number}.png": image(9500 + number + 10 * ord(label), 32, 32)
        for label in "ab"
        for number in range(4)
    }
    files = {f"train/{name}": picture for name, picture in pictures.items()}
    files |= {"test/a/9.png": again(pictures["a/0.png"]), "test/b/8.png": image(9999, 32, 32)}
    dataset = await desk.imported(archive(files))
    split = await create(desk, dataset, FieldSplit())

    report = await desk.ask(CheckLeaks(split_id=split.id))

    assert {each.subset: each.num_samples for each in split.subsets} == {"train": 8, "test": 2}
    (leak,) = report.leaks
    assert (report.num_near_duplicates, report.num_samples, leak.kind) == (1, 2, "near_duplicate")
    assert (leak.distance, leak.subsets) == (0, ("train", "test"))
    assert {name.rpartition("/")[2] for name in leak.names} == {"9.png", "0.png"}


async def test_large_splits_come_in_small_pages(desk: Desk, dataset: Dataset) -> None:
    """Each fits into a message of the bus, all of them do not."""
    long = FileSplit(files={"train": ("img/" + "*" * 300,) * 7000})
    made = [await create(desk, dataset, long) for _ in range(4)]
    found: list[UUID] = []
    cursor, num_pages = None, 0
    while cursor or not num_pages:
        page = await desk.ask(ListSplits(dataset_id=dataset.id, query=PageQuery(limit=200, cursor=cursor)))
        found += [split.id for split in page.items]
        cursor, num_pages = page.next_cursor, num_pages + 1

    assert num_pages >= 4
    assert found == sorted(set(found), reverse=True)
    assert {split.id for split in made} <= set(found)
