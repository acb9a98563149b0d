"""Imports of class folders: rows, bytes, thumbnails, figures and the report say the same."""

import asyncio
import hashlib
import io
import zipfile
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import (
    CreateDataset,
    Dataset,
    DatasetReady,
    DatasetStatus,
    GetDataset,
    ListDatasets,
    UpdateDataset,
)
from libs.common.contracts.imports import ClassCount, GetImportReport
from libs.common.contracts.jobs import JobState
from libs.common.contracts.projects import CreateProject
from libs.common.contracts.samples import GetSample, LocateSample
from libs.common.contracts.sources import UploadSource
from libs.common.contracts.splits import CreateSplit
from libs.common.contracts.versions import GetStats, ListVersions
from libs.common.errors import BadInput, Conflict, NotFound
from libs.common.ids import new_id
from tests.integration.datasets.archives import (
    archive,
    class_folders,
    image,
    turned_image,
    without_utf8_flags,
)
from tests.integration.datasets.desk import Desk

NUM_DIGITS = 120


def _digits() -> dict[str, bytes]:
    """Handwritten digits, eight by eight, by class."""
    images, labels = load_digits(return_X_y=True)
    files = {}
    for number, (pixels, label) in enumerate(zip(images[:NUM_DIGITS], labels[:NUM_DIGITS], strict=True)):
        buffer = io.BytesIO()
        Image.fromarray((pixels.reshape(8, 8) * (255 / 16)).astype(np.uint8)).save(buffer, "PNG")
        files[f"digits/{label}/{number:04}.png"] = buffer.getvalue()
    return files


async def test_digits_become_samples_whose_bytes_are_the_images(desk: Desk) -> None:
    files = _digits()

    dataset = await desk.imported(archive(files))

    expected = {path.removeprefix("digits/"): content for path, content in files.items()}
    samples = await desk.samples(dataset.id)
    assert [sample.name for sample in samples] == sorted(expected)
    for sample in samples:
        content = expected[sample.name]
        assert sample.annotations == (LabelAnnotation(label=sample.name.partition("/")[0]),)
        assert (sample.sha256, sample.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        assert (sample.width, sample.height, sample.subset) == (8, 8, None)
    for sample in samples[::10]:
        assert await desk.content(sample) == expected[sample.name]
        assert await desk.ask(GetSample(sample_id=sample.id)) == sample


async def test_figures_report_versions_and_fact_agree_with_the_samples(desk: Desk) -> None:
    files = _digits()
    dataset = await desk.imported(archive(files))

    labels = Counter(path.split("/")[1] for path in files)
    size_bytes = sum(map(len, files.values()))
    assert (dataset.status, dataset.format, dataset.version) == (DatasetStatus.READY, "class_folders", 1)
    assert (dataset.num_samples, dataset.size_bytes) == (NUM_DIGITS, size_bytes)
    assert dataset.classes == tuple(sorted(labels))
    stats = await desk.ask(GetStats(dataset_id=dataset.id))
    assert stats.classes == tuple(ClassCount(name=name, count=labels[name]) for name in sorted(labels))
    assert (stats.num_samples, stats.size_bytes) == (NUM_DIGITS, size_bytes)
    assert (stats.min_width, stats.max_width, stats.min_height, stats.max_height) == (8, 8, 8, 8)
    report = await desk.report(dataset.id)
    assert (report.num_found, report.num_imported, report.problems.items) == (NUM_DIGITS, NUM_DIGITS, ())
    (version,) = (await desk.ask(ListVersions(dataset_id=dataset.id))).items
    assert (version.version, version.num_samples) == (1, NUM_DIGITS)
    fact = await desk.house.wait_for(DatasetReady, dataset_id=dataset.id)
    assert (fact.project_id, fact.num_samples, fact.classes) == (
        dataset.project_id,
        NUM_DIGITS,
        dataset.classes,
    )
    assert dataset.job_id and await desk.job_state(dataset.job_id) is JobState.COMPLETED


async def test_thumbnails_are_small_upright_jpegs_and_bytes_carry_their_type(desk: Desk) -> None:
    content = {
        "a/large.jpg": image(1, 700, 300, "JPEG"),
        "a/small.webp": image(2, 20, 10, "WEBP"),
        "b/turned.jpg": turned_image(60, 40),
        "b/plain.bmp": image(3, 5, 4, "BMP"),
    }
    dataset = await desk.imported(archive(content))

    found = {sample.name: sample for sample in await desk.samples(dataset.id)}

    sizes = {name: (sample.width, sample.height) for name, sample in found.items()}
    assert sizes == {
        "a/large.jpg": (700, 300),
        "a/small.webp": (20, 10),
        "b/turned.jpg": (60, 40),
        "b/plain.bmp": (5, 4),
    }
    thumbnails = {name: await desk.content(sample, "thumbnail") for name, sample in found.items()}
    opened = {name: Image.open(io.BytesIO(thumbnail)) for name, thumbnail in thumbnails.items()}
    assert {each.format for each in opened.values()} == {"JPEG"}
    assert opened["a/large.jpg"].size == (256, 110)
    assert opened["a/small.webp"].size == (20, 10)
    left, right = (opened["b/turned.jpg"].getpixel(place) for place in ((10, 20), (50, 20)))
    assert left[0] > 200 > 60 > left[2] and right[2] > 200 > 60 > right[0]  # type: ignore[index]
    types = {
        name: (await desk.ask(LocateSample(sample_id=sample.id, rendition="image"))).media_type
        for name, sample in found.items()
    }
    assert types == {
        "a/large.jpg": "image/jpeg",
        "a/small.webp": "image/webp",
        "b/turned.jpg": "image/jpeg",
        "b/plain.bmp": "image/bmp",
    }
    assert await desk.content(found["b/turned.jpg"]) == content["b/turned.jpg"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
async def test_the_report_names_every_file_that_did_not_become_a_sample(desk: Desk) -> None:
    first, second = image(1), image(2)
    buffer = io.BytesIO(archive({"a/1.png": first, "b/2.png": second}))
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr("a/notes.txt", "not an image")
        file.writestr("a/cut.png", image(3, 64, 64)[:200])
        file.writestr("b/again.png", first)
        file.writestr("a/1.png", image(4))
        file.writestr("loose.png", image(5))
        file.writestr("__MACOSX/a/._1.png", b"\0\5\26\7")
        file.writestr("b/.DS_Store", b"Bud1")
        file.writestr("a/huge.png", bytes(2**20 + 1))
        file.writestr(f"a/{'n' * 400}.png", image(6))
        file.writestr(f"{'c' * 301}/1.png", image(7))

    dataset = await desk.imported(buffer.getvalue())

    report = await desk.report(dataset.id)
    codes = {(problem.path[:20], problem.code, problem.outcome) for problem in report.problems.items}
    assert codes == {
        ("a/notes.txt", "not_an_image", "rejected"),
        ("a/cut.png", "image_unreadable", "rejected"),
        ("b/again.png", "duplicate_contradicts", "duplicate"),
        ("a/1.png", "name_repeated", "rejected"),
        ("loose.png", "no_class_folder", "rejected"),
        ("__MACOSX/a/._1.png", "system_file", "rejected"),
        ("b/.DS_Store", "system_file", "rejected"),
        ("a/huge.png", "entry_too_large", "rejected"),
        (f"a/{'n' * 18}", "name_too_long", "rejected"),
        ("c" * 20, "class_name_invalid", "rejected"),
    }
    assert all(problem.message for problem in report.problems.items)
    assert (report.num_found, report.num_imported) == (12, 2)
    assert (report.num_rejected, report.num_repaired, report.num_duplicates) == (9, 0, 1)
    names = [sample.name for sample in await desk.samples(dataset.id)]
    assert names == ["a/1.png", "b/2.png"]


async def test_the_report_is_paged(desk: Desk) -> None:
    files = {f"a/{number:02}.txt": b"%d" % number for number in range(25)}
    dataset = await desk.imported(archive({**files, "a/1.png": image(1), "b/2.png": image(2)}))

    paths: list[str] = []
    cursor = None
    while True:
        query = PageQuery(limit=10, cursor=cursor)
        page = (await desk.ask(GetImportReport(dataset_id=dataset.id, query=query))).problems
        paths += [problem.path for problem in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert paths == sorted(files)


async def test_names_may_be_long_and_of_any_script(desk: Desk) -> None:
    names = ["Katzen größer/Kätzchen 🐈.png", "狗/小狗.png", f"狗/{'犬' * 296}.png", "Ωμέγα: ‘1’/a:b?*.png"]
    files = {name: image(number) for number, name in enumerate(names)}

    dataset = await desk.imported(archive(files))

    assert dataset.classes == tuple(sorted({name.partition("/")[0] for name in names}))
    for sort in ("name", "-name", "created", "size"):
        found = await desk.samples(dataset.id, limit=1, sort=sort)
        assert {sample.name for sample in found} == set(names)
        assert len(found) == len(names)
    (found,) = await desk.samples(dataset.id, text="犬犬")
    assert (len(found.name), await desk.content(found)) == (302, files[found.name])
    assert len(await desk.samples(dataset.id, label="狗")) == 2


async def test_an_archive_without_flags_for_its_names_is_read_as_utf_8(desk: Desk) -> None:
    """As the archives that macOS writes."""
    content = archive({"müde/1.png": image(1), "wach/2.png": image(2)})
    content = without_utf8_flags(content)

    dataset = await desk.imported(content)

    assert dataset.classes == ("müde", "wach")


async def test_a_name_is_taken_once_per_project(desk: Desk) -> None:
    project = await desk.project()
    first = await desk.imported(class_folders({"a": 1}), project, name="Cats")
    upload = await desk.upload(class_folders({"a": 1}))
    wanted = CreateDataset(project_id=project.id, name="Cats", source=UploadSource(upload_id=upload.id))

    with pytest.raises(Conflict) as refused:
        await desk.ask(wanted)
    assert (refused.value.code, refused.value.errors[0].field) == ("dataset_name_taken", "name")

    second = await desk.ask(wanted.model_copy(update={"name": "Dogs"}))
    with pytest.raises(Conflict) as refused:
        await desk.ask(UpdateDataset(dataset_id=second.id, name="Cats"))
    assert refused.value.errors[0].field == "name"
    await desk.ask(UpdateDataset(dataset_id=first.id, name="Old cats"))
    assert (await desk.ask(UpdateDataset(dataset_id=second.id, name="Cats"))).name == "Cats"
    elsewhere = await desk.ask(wanted.model_copy(update={"project_id": (await desk.project()).id}))
    listed = await desk.ask(ListDatasets(project_id=project.id))
    assert [(each.id, each.name) for each in listed.items] == [(second.id, "Cats"), (first.id, "Old cats")]
    for each in (second, elsewhere):
        await desk.settled(each.id)


async def test_of_many_who_want_a_name_at_once_one_gets_it(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 20}))
    upload = await desk.upload(class_folders({"a": 1}))
    source = UploadSource(upload_id=upload.id)

    for request in (
        CreateProject(name=f"p-{new_id()}", task="classification"),
        CreateDataset(project_id=dataset.project_id, name="Wanted", source=source),
        CreateSplit(dataset_id=dataset.id, name="Wanted"),
    ):
        answers = await asyncio.gather(*(desk.ask(request) for _ in range(5)), return_exceptions=True)
        refusals = [answer for answer in answers if isinstance(answer, BaseException)]
        assert [type(refusal).__mro__[1] for refusal in refusals] == [Conflict] * 4
        if isinstance(request, CreateDataset):
            (made,) = (answer for answer in answers if isinstance(answer, Dataset))
            await desk.settled(made.id)


async def test_what_cannot_be_imported_is_refused_at_once(desk: Desk) -> None:
    project, upload = await desk.project(), await desk.upload(class_folders({"a": 1}))
    source = UploadSource(upload_id=upload.id)

    with pytest.raises(BadInput, match="there are coco") as refused:
        await desk.ask(CreateDataset(project_id=project.id, name="x", source=source, format="coco2"))
    assert refused.value.code == "format_unknown"
    with pytest.raises(NotFound) as missing:
        await desk.ask(CreateDataset(project_id=new_id(), name="x", source=source))
    assert missing.value.code == "project_not_found"


async def test_what_is_not_there_is_told_by_name(desk: Desk) -> None:
    dataset = await desk.imported(class_folders({"a": 1}))

    for request, code in (
        (GetDataset(dataset_id=new_id()), "dataset_not_found"),
        (GetStats(dataset_id=dataset.id, version=7), "dataset_version_not_found"),
        (GetImportReport(dataset_id=new_id()), "dataset_not_found"),
        (GetSample(sample_id=new_id()), "sample_not_found"),
        (LocateSample(sample_id=new_id(), rendition="thumbnail"), "sample_not_found"),
    ):
        with pytest.raises(NotFound) as missing:
            await desk.ask(request)
        assert missing.value.code == code
