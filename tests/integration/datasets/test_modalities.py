"""Texts, rows of tables and image–text pairs: looked at, divided, versioned and exported as images are."""

import csv
import io
import json

import pytest

from libs.common.contracts.datasets import Dataset
from libs.common.contracts.samples import Sample
from libs.common.contracts.splits import CreateSplit, PreviewSplit, RatioSplit, ReferSplit
from libs.common.contracts.versions import AnnotateSample, DiffVersions, GetStats
from libs.tasks.manifest import ConfigIsInvalid, DataFacts
from libs.tasks.registry import task
from tests.integration.datasets.archives import archive, image
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.riches import label

PER_CLASS = 6
SENTENCES = {
    "en": "The weather was so nice today that we went for a long walk along the river, number {}.",
    "de": "Das Wetter war heute so schön, dass wir lange am Fluss spazieren gegangen sind, Nummer {}.",
}


def texts() -> bytes:
    rows = [
        {"text": sentence.format(number), "label": language}
        for language, sentence in SENTENCES.items()
        for number in range(PER_CLASS)
    ]
    return archive({"data.jsonl": "\n".join(map(json.dumps, rows)).encode()})


def rows() -> bytes:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["petals", "colour", "label"])
    for number in range(PER_CLASS):
        writer.writerows([[number, "rötlich", "rose"], [10.5 + number, "weiß", "lily"]])
    return archive({"flowers.csv": table.getvalue().encode()})


def pairs() -> bytes:
    files, lines = {}, []
    for number in range(2 * PER_CLASS):
        files[f"{number}.png"] = image(number)
        told = {"path": f"{number}.png", "captions": ["a cat", f"cat {number}"], "label": "ab"[number % 2]}
        lines.append(json.dumps(told))
    return archive({**files, "captions.jsonl": "\n".join(lines).encode()})


CASES = {
    "text": (texts, ("de", "en"), "spazieren gegangen"),
    "tabular": (rows, ("lily", "rose"), "rötlich"),
    "image_text": (pairs, ("a", "b"), None),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return request.param


async def test_every_modality_goes_the_way_that_images_go(desk: Desk, case: str) -> None:
    make, classes, excerpt = CASES[case]
    dataset = await desk.imported(make())
    assert (dataset.modality, dataset.classes, dataset.num_samples) == (case, classes, 2 * PER_CLASS)

    samples = await desk.samples(dataset.id, limit=5)
    assert len(samples) == 2 * PER_CLASS
    await _can_be_read(desk, samples, excerpt)
    await _is_counted(desk, dataset, case)
    await _is_divided_evenly(desk, dataset)
    await _is_versioned(desk, dataset, samples[0])
    export = await desk.exported(dataset, "jsonl")
    again = await desk.imported(await desk.downloaded(export))
    assert (again.modality, again.num_samples, export.num_losses) == (case, dataset.num_samples, 0)


async def _can_be_read(desk: Desk, samples: list[Sample], excerpt: str | None) -> None:
    if excerpt is None:
        assert {(sample.width, sample.height, sample.excerpt) for sample in samples} == {(8, 8, None)}
        return
    assert {(sample.width, sample.height) for sample in samples} == {(0, 0)}
    assert any(excerpt in (sample.excerpt or "") for sample in samples)
    for sample in samples[:2]:
        content = (await desk.content(sample)).decode()
        assert sample.excerpt and content.startswith(sample.excerpt.rstrip("…")[:40])


async def _is_counted(desk: Desk, dataset: Dataset, case: str) -> None:
    stats = await desk.ask(GetStats(dataset_id=dataset.id))
    counted = {each.name: each.count for each in stats.classes}
    assert counted == dict.fromkeys(dataset.classes, PER_CLASS)
    languages = {each.name: each.count for each in stats.languages}
    assert languages == (dict.fromkeys(SENTENCES, PER_CLASS) if case == "text" else {})
    assert bool(stats.widths) == (case == "image_text")


async def _is_divided_evenly(desk: Desk, dataset: Dataset) -> None:
    method = RatioSplit(ratios={"train": 0.5, "val": 0.5})
    preview = await desk.ask(PreviewSplit(dataset_id=dataset.id, method=method))
    for subset in preview.subsets:
        assert {each.name: each.count for each in subset.classes} == dict.fromkeys(dataset.classes, 3)
    split = await desk.ask(CreateSplit(dataset_id=dataset.id, method=method))
    assert len(await desk.samples(dataset.id, split_id=split.id, subset="val")) == PER_CLASS


async def _is_versioned(desk: Desk, dataset: Dataset, sample: Sample) -> None:
    changed = await desk.ask(
        AnnotateSample(sample_id=sample.id, annotations=(label("other"),), version=dataset.version)
    )
    assert changed.labels == ("other",)
    diff = await desk.ask(DiffVersions(dataset_id=dataset.id, version=2))
    assert (diff.num_added, diff.num_removed, diff.num_changed) == (0, 0, 1)
    (change,) = diff.changes.items
    assert (change.before.labels, change.after.labels) == (sample.labels, ("other",))
    assert (change.before.sha256, change.after.sha256) == (sample.sha256, sample.sha256)


COCO = {
    "images": [
        {"id": number, "file_name": f"{number}.png", "width": 8, "height": 8} for number in range(1, 9)
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    "annotations": [
        {"id": number, "image_id": number, "category_id": 1 + number % 2, "bbox": [1, 1, 3, 3], "area": 9}
        for number in range(1, 9)
    ],
}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            archive(
                {"a.json": json.dumps(COCO).encode(), **{f"{n}.png": image(n + 50) for n in range(1, 9)}}
            ),
            "learns from annotations of type label or labels; these data have box",
        ),
        (texts(), "learns from image data; these are text data"),
        (pairs(), None),
    ],
    ids=["boxes", "texts", "pairs"],
)
async def test_a_task_says_which_data_it_cannot_learn_from(
    desk: Desk, content: bytes, words: str | None
) -> None:
    dataset = await desk.imported(content)
    method = RatioSplit(ratios={"train": 0.5, "val": 0.5})
    split = await desk.ask(CreateSplit(dataset_id=dataset.id, method=method))
    facts = DataFacts.of(await desk.ask(ReferSplit(split_id=split.id)))

    manifest, config = task("classification"), {"image_size": 32}
    if words is None:
        assert manifest.validate_config(None, config, facts)
        return
    with pytest.raises(ConfigIsInvalid, match=words) as refused:
        manifest.validate_config(None, config, facts)
    assert refused.value.status == 422
