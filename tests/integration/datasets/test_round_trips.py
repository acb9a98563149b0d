"""Every format through the room, there and back: what differs in the end was told, no more and no less."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from libs.common.contracts.annotations import Annotation, RotatedBoxAnnotation
from libs.common.contracts.dataset_exports import DatasetExport, GetDatasetExport
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.corners import corners_of
from services.datasets.formats.registry import FORMATS
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.riches import EVERYTHING, EXAMPLES, Example, packed

# Of a pixel: some formats tell corners, or parts of the image.
DIGITS = 4
# What is made for everything was tried with everything.
ALL = tuple(EVERYTHING.values())
Aspects = dict[str, Any]


@pytest_asyncio.fixture(scope="module")
async def everything(desk: Desk) -> Mapping[str, Dataset]:
    """By modality."""
    made = (desk.imported(packed(example, "jsonl"), format="jsonl") for example in EVERYTHING.values())
    return dict(zip(EVERYTHING, await asyncio.gather(*made), strict=True))


@pytest.mark.parametrize("format", FORMATS)
async def test_what_a_format_is_made_for_comes_back_as_it_was(desk: Desk, format: str) -> None:
    await asyncio.gather(*(_there_and_back(desk, format, example) for example in EXAMPLES[format]))


async def _there_and_back(desk: Desk, format: str, example: Example) -> None:
    first = await desk.imported(packed(example, format), format=format)
    export = await desk.exported(first, format)
    # Recognised, too.
    again = await desk.imported(await desk.downloaded(export))

    assert export.num_losses == 0
    assert (again.format, again.modality, again.classes) == (format, example.modality, first.classes)
    wanted = {sample.name: _aspects(sample) for sample in example.samples}
    for dataset in (first, again):
        assert {each.name: _aspects(each) for each in await desk.samples(dataset.id)} == wanted


@pytest.mark.parametrize("format", [format for format in FORMATS if EXAMPLES.get(format) != ALL])
async def test_of_everything_at_once_a_format_tells_what_will_not_come_back(
    desk: Desk, everything: Mapping[str, Dataset], format: str
) -> None:
    sent = [everything[each] for each in EVERYTHING if each in FORMATS[format].modalities]
    await asyncio.gather(*(_told_or_the_same(desk, format, dataset) for dataset in sent))


async def _told_or_the_same(desk: Desk, format: str, dataset: Dataset) -> None:
    export = await desk.exported(dataset, format)
    losses = await _losses(desk, export)
    again = await desk.imported(await desk.downloaded(export), format=format)

    before = await desk.samples(dataset.id)
    after = await desk.samples(again.id)
    by_content = {each.sha256: each for each in after} | {each.name: each for each in after}
    for sample in before:
        told = {_aspect_of(loss) for loss in losses if loss.path == sample.name and loss.outcome != "warning"}
        back = by_content.get(sample.sha256) or by_content.get(sample.name)
        assert _differences(sample, back) == told, (sample, back, losses)


async def _losses(desk: Desk, export: DatasetExport) -> tuple[ImportProblem, ...]:
    page = (await desk.ask(GetDatasetExport(dataset_id=export.dataset_id, export_id=export.id))).losses
    assert (len(page.items), page.next_cursor) == (export.num_losses, None)
    return page.items


def _differences(sample: Any, back: Any) -> set[str]:
    if back is None:
        return {"sample"}
    before, after = (_aspects(each) | {"name": each.name, "content": each.sha256} for each in (sample, back))
    return {aspect for aspect in before if before[aspect] != after[aspect]}


def _aspect_of(loss: ImportProblem) -> str:
    """Codes begin with what they are about."""
    if loss.level == "annotation":
        return "annotations"
    if loss.outcome == "rejected":
        return "sample"
    return {"renamed": "name"}.get(loss.code, loss.code.split("_")[0])


def _aspects(sample: Any) -> Aspects:
    return {
        "annotations": _rounded(sample.annotations),
        "subset": sample.subset,
        "fields": dict(sample.fields),
    }


def _rounded(annotations: Iterable[Annotation]) -> list[str]:
    """Where they lie, in no order."""
    return sorted(json.dumps(_shape(each), sort_keys=True) for each in annotations)


def _shape(annotation: Annotation) -> Any:
    told = annotation.model_dump(mode="json")
    if isinstance(annotation, RotatedBoxAnnotation):
        told = {"type": "rotated_box", "label": annotation.label, "corners": corners_of(annotation)}
    return _with_digits(told)


def _with_digits(value: Any) -> Any:
    match value:
        case float():
            return round(value, DIGITS)
        case dict():
            return {key: _with_digits(each) for key, each in value.items()}
        case list() | tuple():
            return [_with_digits(each) for each in value]
        case _:
            return value
