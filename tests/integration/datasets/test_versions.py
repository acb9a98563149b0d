"""Versions: edits, additions and restores make new ones; old ones stay what they were."""

import asyncio
from uuid import UUID

import pytest

from libs.common.contracts.annotations import BoxAnnotation, LabelAnnotation
from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import AddSamples, Dataset, DatasetReady, GetDataset
from libs.common.contracts.imports import GetImportReport
from libs.common.contracts.samples import GetSample, ListSamples, Sample
from libs.common.contracts.sources import UploadSource
from libs.common.contracts.splits import CreateSplit, RatioSplit
from libs.common.contracts.versions import (
    AnnotateSample,
    DatasetVersioned,
    DeleteSample,
    DiffVersions,
    EditSamples,
    GetStats,
    ListVersions,
    RestoreVersion,
    VersionDiff,
)
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from tests.integration.datasets.archives import archive, image
from tests.integration.datasets.desk import Desk

CAT, DOG = (LabelAnnotation(label=label) for label in ("cat", "dog"))
HALVES = {"train": 0.5, "test": 0.5}
FILES = {
    f"{label}/{number}.png": image(number + 100 * place)
    for place, label in enumerate(("cat", "dog"))
    for number in range(3)
}


async def _names(desk: Desk, dataset: Dataset, version: int | None = None) -> dict[str, str]:
    """Label by name."""
    page = await desk.ask(ListSamples(dataset_id=dataset.id, version=version, query=PageQuery(limit=200)))
    return {sample.name: ",".join(sample.labels) for sample in page.items}


async def _sample(desk: Desk, dataset: Dataset, name: str) -> Sample:
    return next(sample for sample in await desk.samples(dataset.id) if sample.name == name)


async def _diff(desk: Desk, dataset: Dataset, version: int, against: int | None = None) -> VersionDiff:
    return await desk.ask(DiffVersions(dataset_id=dataset.id, version=version, against=against))


async def _add(desk: Desk, dataset: Dataset, files: dict[str, bytes]) -> Dataset:
    upload = await desk.upload(archive(files))
    await desk.ask(AddSamples(dataset_id=dataset.id, source=UploadSource(upload_id=upload.id)))
    async with asyncio.timeout(60):
        while (seen := await desk.ask(GetDataset(dataset_id=dataset.id))).is_adding:
            await asyncio.sleep(0.05)
    return seen


async def test_a_changed_class_makes_a_version_and_the_one_before_stays(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    sample = await _sample(desk, dataset, "cat/0.png")

    changed = await desk.ask(AnnotateSample(sample_id=sample.id, annotations=(DOG,), version=1))

    assert (changed.id, changed.version, changed.labels) == (sample.id, 2, ("dog",))
    assert (await _names(desk, dataset, 1))["cat/0.png"] == "cat"
    assert (await _names(desk, dataset, 2))["cat/0.png"] == "dog"
    assert (await desk.ask(GetSample(sample_id=sample.id, version=1))).annotations == (CAT,)
    assert await desk.content(changed) == FILES["cat/0.png"]
    diff = await _diff(desk, dataset, 2)
    assert (diff.against, diff.num_added, diff.num_removed, diff.num_changed) == (1, 0, 0, 1)
    assert [(each.name, each.before, each.after) for each in diff.classes] == [("cat", 3, 2), ("dog", 3, 4)]
    (change,) = diff.changes.items
    assert change.before and change.after
    assert (change.before.annotations, change.after.annotations) == ((CAT,), (DOG,))
    assert await desk.house.wait_for(DatasetVersioned, dataset_id=dataset.id, version=2)


async def test_nothing_new_makes_no_version(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    sample = await _sample(desk, dataset, "cat/0.png")

    await desk.ask(AnnotateSample(sample_id=sample.id, annotations=(CAT,)))
    await desk.ask(EditSamples(dataset_id=dataset.id))
    await desk.ask(RestoreVersion(dataset_id=dataset.id, version=1))

    assert (await desk.ask(GetDataset(dataset_id=dataset.id))).version == 1


async def test_several_edits_are_one_version_or_none(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    first, second = await _sample(desk, dataset, "cat/0.png"), await _sample(desk, dataset, "dog/1.png")

    with pytest.raises(ModelyardError) as refused:
        await desk.ask(EditSamples(dataset_id=dataset.id, remove=(first.id, new_id())))
    assert refused.value.code == "sample_not_found"
    assert (await desk.ask(GetDataset(dataset_id=dataset.id))).version == 1

    made = await desk.ask(
        EditSamples(
            dataset_id=dataset.id, remove=(first.id,), annotations={second.id: (CAT,)}, message="tidied"
        )
    )

    assert (made.version, made.num_samples, made.message) == (2, 5, "tidied")
    assert (made.num_added, made.num_removed, made.num_changed) == (0, 1, 1)
    stats = await desk.ask(GetStats(dataset_id=dataset.id))
    assert [(each.name, each.count) for each in stats.classes] == [("cat", 3), ("dog", 2)]
    assert stats.num_samples == len(await _names(desk, dataset)) == 5
    assert len(await _names(desk, dataset, 1)) == 6


async def test_what_was_deleted_comes_back_as_it_was(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    before = await _names(desk, dataset)
    gone, other = await _sample(desk, dataset, "cat/0.png"), await _sample(desk, dataset, "dog/0.png")
    await desk.ask(DeleteSample(sample_id=gone.id))
    await desk.ask(AnnotateSample(sample_id=other.id, annotations=(CAT,)))
    assert "cat/0.png" not in await _names(desk, dataset)

    restored = await desk.ask(RestoreVersion(dataset_id=dataset.id, version=1))

    assert (restored.version, restored.num_added, restored.num_changed) == (4, 1, 1)
    assert await _names(desk, dataset) == before
    assert (await _diff(desk, dataset, 4, 1)).changes.items == ()
    back = await _diff(desk, dataset, 2, 4)
    assert (back.num_added, back.num_removed, back.num_changed) == (0, 1, 0)
    assert (await desk.ask(GetStats(dataset_id=dataset.id))).classes == (
        await desk.ask(GetStats(dataset_id=dataset.id, version=1))
    ).classes
    assert await desk.content(await _sample(desk, dataset, "cat/0.png")) == FILES["cat/0.png"]
    versions = (await desk.ask(ListVersions(dataset_id=dataset.id))).items
    assert [each.version for each in versions] == [4, 3, 2, 1]


async def test_an_edit_of_what_somebody_else_changed_is_refused(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    sample = await _sample(desk, dataset, "cat/0.png")
    await desk.ask(AnnotateSample(sample_id=sample.id, annotations=(DOG,), version=1))

    with pytest.raises(ModelyardError) as refused:
        await desk.ask(AnnotateSample(sample_id=sample.id, annotations=(CAT,), version=1))

    assert (refused.value.code, refused.value.status) == ("sample_changed", 409)


async def test_a_box_outside_its_image_is_refused_with_its_place(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    sample = await _sample(desk, dataset, "cat/0.png")
    inside = BoxAnnotation(label="ear", x=1, y=1, width=3, height=3)
    outside = BoxAnnotation(label="ear", x=100, y=1, width=3, height=3)

    with pytest.raises(ModelyardError) as refused:
        await desk.ask(AnnotateSample(sample_id=sample.id, annotations=(inside, outside)))

    assert (refused.value.status, [each.field for each in refused.value.errors]) == (422, ["annotations.1"])
    assert (await desk.ask(GetDataset(dataset_id=dataset.id))).version == 1


async def test_added_samples_make_a_version_and_known_ones_are_left_out(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    more = {"bird/9.png": image(900), "cat/again.png": FILES["cat/0.png"], "dog/0.png": image(901)}

    seen = await _add(desk, dataset, more)

    assert (seen.version, seen.num_samples, seen.classes) == (2, 7, ("bird", "cat", "dog"))
    assert (await _names(desk, dataset)).keys() - FILES.keys() == {"bird/9.png"}
    assert (await _names(desk, dataset, 1)).keys() == FILES.keys()
    report = await desk.ask(GetImportReport(dataset_id=dataset.id))
    assert (report.kind, report.num_found, report.num_imported) == ("add", 3, 1)
    assert {(each.path, each.code) for each in report.problems.items} == {
        ("cat/again.png", "duplicate"),
        ("dog/0.png", "name_taken"),
    }
    facts = [fact for fact in await desk.house.facts(DatasetReady) if fact.dataset_id == dataset.id]
    assert [fact.version for fact in facts] == [1, 2]


async def test_an_addition_that_fails_leaves_the_dataset_ready(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))

    seen = await _add(desk, dataset, {})

    assert (seen.status, seen.version, seen.error_code) == ("ready", 1, "archive_empty")
    assert (await _add(desk, dataset, {"cat/new.png": image(902)})).version == 2


async def test_edits_go_on_while_samples_are_added(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    sample = await _sample(desk, dataset, "cat/0.png")
    upload = await desk.upload(archive({f"cat/n{number}.png": image(500 + number) for number in range(40)}))
    await desk.ask(AddSamples(dataset_id=dataset.id, source=UploadSource(upload_id=upload.id)))

    await desk.ask(DeleteSample(sample_id=sample.id))
    with pytest.raises(ModelyardError) as refused:
        await desk.ask(AddSamples(dataset_id=dataset.id, source=UploadSource(upload_id=upload.id)))

    assert refused.value.code == "dataset_busy"
    async with asyncio.timeout(60):
        while (await desk.ask(GetDataset(dataset_id=dataset.id))).is_adding:
            await asyncio.sleep(0.05)
    names = await _names(desk, dataset)
    assert len(names) == 5 + 40 and "cat/0.png" not in names


async def test_a_split_stays_on_its_version(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))
    split = await desk.ask(CreateSplit(dataset_id=dataset.id, method=RatioSplit(ratios=HALVES)))
    sizes = {subset.subset: subset.num_samples for subset in split.subsets}

    for name in ("cat/0.png", "dog/0.png"):
        await desk.ask(DeleteSample(sample_id=(await _sample(desk, dataset, name)).id))

    assert split.version == 1
    for subset, size in sizes.items():
        page = await desk.ask(
            ListSamples.model_validate(
                {
                    "dataset_id": dataset.id,
                    "version": 1,
                    "filter": {"split_id": split.id, "subset": subset},
                }
            )
        )
        assert len(page.items) == size


@pytest.mark.parametrize(("version", "code"), [(7, "dataset_version_not_found")])
async def test_a_version_that_is_none_is_told(desk: Desk, version: int, code: str) -> None:
    dataset = await desk.imported(archive(FILES))

    for request in (
        DiffVersions(dataset_id=dataset.id, version=version),
        DiffVersions(dataset_id=dataset.id, version=1, against=version),
        RestoreVersion(dataset_id=dataset.id, version=version),
        GetStats(dataset_id=dataset.id, version=version),
    ):
        with pytest.raises(ModelyardError) as refused:
            await desk.ask(request)
        assert (refused.value.code, refused.value.status) == (code, 404)


async def test_the_first_version_differs_from_nothing_by_all_it_holds(desk: Desk) -> None:
    dataset = await desk.imported(archive(FILES))

    diff = await _diff(desk, dataset, 1)

    assert (diff.against, diff.num_added, len(diff.changes.items)) == (0, 6, 6)
    seen: set[UUID] = set()
    cursor = None
    while True:
        query = PageQuery(limit=2, cursor=cursor)
        page = (await desk.ask(DiffVersions(dataset_id=dataset.id, version=1, query=query))).changes
        seen |= {each.after.id for each in page.items if each.after}
        if (cursor := page.next_cursor) is None:
            break
    assert len(seen) == 6
