"""JSONL and Parquet carry everything there and back: annotations of all types, fields, subsets, names."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import Annotation, BoxAnnotation, LabelAnnotation
from libs.common.contracts.imports import Modality
from services.datasets.formats.format import Format
from services.datasets.formats.json_values import write_json
from services.datasets.formats.tables.jsonl import EVERY_TYPE, JsonLines
from services.datasets.formats.tables.parquet import Parquet
from tests.unit.datasets.formats import annotation_strategies as some
from tests.unit.datasets.formats.trips import Sample, content, picture, read, round_trip

both = pytest.mark.parametrize("format", [JsonLines(), Parquet()], ids=["jsonl", "parquet"])


def contents(modality: Modality) -> st.SearchStrategy[bytes | None]:
    match modality:
        case "text":
            return some.texts.map(str.encode)
        case "tabular":
            return some.fields.map(lambda row: write_json(row).encode())
    return st.none()


def samples(modality: Modality) -> st.SearchStrategy[list[Sample]]:
    one = st.builds(
        Sample,
        name=some.words,
        annotations=st.lists(some.every, max_size=4).map(tuple),
        subset=some.subsets,
        fields=some.fields,
        data=contents(modality),
    )
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda sample: sample.name.strip("/."))


def is_plain(sample: Sample) -> bool:
    """A name that an import lets in."""
    parts = sample.name.split("/")
    return not {"", ".", ".."} & set(parts) and "\\" not in sample.name and ":" not in sample.name


@both
@pytest.mark.parametrize("modality", ["image", "text", "tabular"])
@given(st.data())
def test_everything_comes_back(format: Format, modality: Modality, data: st.DataObject) -> None:
    sent = [sample for sample in data.draw(samples(modality)) if is_plain(sample)]
    if not sent:
        return

    trip = round_trip(format, content(sent, modality=modality))

    assert trip.losses == trip.plan.problems == []
    found = {each.name: each for each in trip.plan.samples}
    assert found.keys() == {sample.name for sample in sent}
    for sample in sent:
        back = found[sample.name]
        assert back.annotations == sample.annotations
        assert back.subset == sample.subset
        assert dict(back.fields) == sample.fields
        assert trip.samples[sample.name].data == sample.read()


def test_every_annotation_type_is_among_those_that_are_tried() -> None:
    kinds = {kind.model_fields["type"].default for kind in get_args(get_args(Annotation)[0])}

    assert kinds == EVERY_TYPE == some.TYPES


@both
def test_of_samples_with_one_name_all_but_the_first_get_another(format: Format) -> None:
    sent = [Sample("a.png"), Sample("a.png", data=picture(8, 8)), Sample("a-2.png", data=picture(9, 9))]

    trip = round_trip(format, content(sent))

    assert len(trip.samples) == 3
    assert [loss.code for loss in trip.losses] == ["renamed"]


@both
def test_a_name_that_ends_like_a_table_is_no_table(format: Format) -> None:
    trip = round_trip(format, content([Sample("a.jsonl"), Sample("b/c.parquet", data=picture(8, 8))]))

    assert trip.losses == trip.problems == []
    assert trip.samples.keys() == {"a.jsonl", "b/c.parquet"}


def test_a_row_of_ours_with_a_broken_annotation_keeps_the_others() -> None:
    good = BoxAnnotation(label="a", x=1, y=2, width=3, height=4).model_dump()
    bad = [{**good, "width": 0}, {**good, "x": float("nan")}, {"type": "circle"}, 5]
    line = {"name": "x", "text": "hello there", "annotations": [good, *bad]}

    plan = read(JsonLines(), {"a.jsonl": json.dumps(line)}).plan

    (found,) = plan.samples
    assert [each.type for each in found.annotations] == ["box"]
    assert [problem.code for problem in plan.problems] == ["annotation_invalid"] * 4
    assert {problem.level for problem in plan.problems} == {"annotation"}
    assert [problem.message.split(":")[0] for problem in plan.problems] == [
        f"annotation {n}" for n in (2, 3, 4, 5)
    ]
    assert plan.num_annotations == 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "../../etc/passwd"}, "name_invalid"),
        ({"name": "C:x"}, "name_invalid"),
        ({"path": "../a.png"}, "path_escapes"),
        ({"path": "/a.png"}, "path_escapes"),
        ({"path": "b.png"}, "file_missing"),
        ({"path": None}, "file_missing"),
        ({"subset": "No Subset!"}, "subset_invalid"),
        ({"fields": {"a": [1]}}, "field_nested"),
        ({"fields": 5}, "row_invalid"),
        ({"annotations": {}}, "row_invalid"),
        ({"name": "x" * 500}, "name_too_long"),
    ],
)
def test_a_row_of_ours_that_somebody_changed_is_told(change: dict[str, object], code: str) -> None:
    """A good row before it shows whose form it is."""
    good = {"name": "x", "path": "a.png", "annotations": []}
    lines = [json.dumps(good), json.dumps(good | {"name": "y"} | change)]

    trip = read(JsonLines(), {"a.jsonl": "\n".join(lines), "a.png": picture()})

    assert [problem.code for problem in trip.problems if problem.row == 2][:1] == [code]
    assert list(trip.samples) == ["x"]


def test_labels_of_our_rows_are_shared_in_memory() -> None:
    line = json.dumps(
        {"name": "NAME", "text": "hello there", "annotations": [LabelAnnotation(label="a").model_dump()]}
    )

    trip = read(JsonLines(), {"a.jsonl": "\n".join(line.replace("NAME", str(n)) for n in range(3))})

    first, *others = (found.annotations[0] for found in trip.plan.samples)
    assert all(other is first for other in others)
