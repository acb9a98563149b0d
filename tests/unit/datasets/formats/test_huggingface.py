"""Hugging Face: what its library writes is read, and what is written its library reads."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import (
    Annotation,
    CaptionAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
)
from libs.common.contracts.imports import FormatOptions, Modality
from services.datasets.formats.huggingface import HuggingFace
from services.datasets.formats.sink import ZipSink
from tests.unit.datasets.formats import annotation_strategies as some
from tests.unit.datasets.formats.trips import Sample, Trip, content, opened, picture, read, round_trip

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
VALUE = {"dtype": "string", "_type": "Value"}
ANIMALS = {"names": ["cat", "dog", "cow"], "_type": "ClassLabel"}


def parquet(columns: Mapping[str, tuple[pa.DataType, list]], features: Mapping[str, Any]) -> bytes:
    """As `datasets` writes it."""
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    schema = pa.schema([(name, kind) for name, (kind, _) in columns.items()], metadata)
    buffer = BytesIO()
    pq.write_table(
        pa.table([values for _, values in columns.values()], schema=schema), buffer, row_group_size=2
    )
    return buffer.getvalue()


def images(number: int, first: int = 8) -> list[dict[str, Any]]:
    return [{"bytes": picture(first + each, 8), "path": f"{each}.png"} for each in range(number)]


def annotations(trip: Trip) -> list[Sequence[Annotation]]:
    return [found.annotations for found in trip.plan.samples]


def label(name: str) -> tuple[LabelAnnotation]:
    return (LabelAnnotation(label=name),)


def test_images_inside_parquet_and_their_classes_are_read() -> None:
    table = parquet(
        {
            "image": (IMAGE, images(5)),
            "label": (pa.int64(), [0, 1, -1, None, 7]),
            "camera": (pa.string(), ["x", None, "y", "z", "z"]),
        },
        {"image": {"_type": "Image"}, "label": ANIMALS, "camera": VALUE},
    )

    trip = read(HuggingFace(), {"README.md": "", "data/train-00000-of-00001.parquet": table})

    assert [sample.data for sample in trip.samples.values()] == [each["bytes"] for each in images(5)]
    assert list(trip.samples) == ["0.png", "1.png", "2.png", "3.png", "4.png"]
    assert annotations(trip) == [label("cat"), label("dog"), (), (), ()]
    assert trip.plan.classes == ("cat", "dog", "cow")
    assert {found.subset for found in trip.plan.samples} == {"train"}
    assert [(each.code, each.row, each.level) for each in trip.problems] == [
        ("class_unknown", 5, "annotation")
    ]
    assert dict(trip.plan.samples[0].fields) == {"camera": "x"}


@pytest.mark.parametrize(
    ("path", "subset"),
    [
        ("data/train-00000-of-00002.parquet", "train"),
        ("data/validation-00000-of-00001-0123456789abcdef.parquet", "val"),
        ("default/test/0000.parquet", "test"),
        ("data/extra_easy-00000-of-00001.parquet", "extra_easy"),
        ("train/data-00000-of-00001.parquet", "train"),
        ("data/data-00000-of-00001.parquet", None),
    ],
)
def test_the_subset_is_told_by_the_part_or_its_folder(path: str, subset: str | None) -> None:
    table = parquet({"image": (IMAGE, images(1))}, {"image": {"_type": "Image"}})

    assert [found.subset for found in read(HuggingFace(), {path: table}).plan.samples] == [subset]


def test_images_of_several_parts_with_the_same_names_are_all_kept() -> None:
    parts = {
        f"data/{subset}-00000-of-00001.parquet": parquet(
            {"image": (IMAGE, images(2, first))}, {"image": {"_type": "Image"}}
        )
        for subset, first in (("test", 8), ("train", 20))
    }

    trip = read(HuggingFace(), parts)

    assert list(trip.samples) == [
        "0.png", "1.png",
        "train-00000-of-00001/00000001", "train-00000-of-00001/00000002",
    ]  # fmt: skip
    assert trip.problems == []


def test_sequences_of_classes_and_of_texts_are_labels_and_captions() -> None:
    table = parquet(
        {
            "image": (IMAGE, images(3)),
            "tags": (pa.list_(pa.int64()), [[0, 2], [], None]),
            "captions": (pa.list_(pa.string()), [["a", "b"], [], None]),
        },
        {"tags": {"feature": ANIMALS, "_type": "Sequence"}, "captions": {"feature": VALUE, "_type": "List"}},
    )

    trip = read(HuggingFace(), {"data/train-00000-of-00001.parquet": table})

    assert annotations(trip) == [
        (CaptionAnnotation(text="a"), CaptionAnnotation(text="b"), LabelsAnnotation(labels=("cat", "cow"))),
        (LabelsAnnotation(labels=()),),
        (),
    ]
    assert trip.plan.modality == "image_text"


def test_texts_with_classes_are_read() -> None:
    table = parquet(
        {"text": (pa.large_string(), ["so good", "so bad"]), "label": (pa.int8(), [1, 0])},
        {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}},
    )

    trip = read(HuggingFace(), {"plain_text/train-00000-of-00001.parquet": table})

    assert [sample.data for sample in trip.samples.values()] == [b"so good", b"so bad"]
    assert annotations(trip) == [label("pos"), label("neg")]
    assert trip.plan.classes == ("neg", "pos")


@pytest.mark.parametrize("as_file", [False, True], ids=["stream", "file"])
def test_what_save_to_disk_wrote_is_read(as_file: bool) -> None:
    features = {"image": {"_type": "Image"}, "label": ANIMALS}
    schema = pa.schema(
        [("image", IMAGE), ("label", pa.int64())],
        {b"huggingface": json.dumps({"info": {"features": features}}).encode()},
    )
    table = pa.table([images(2500), [0] * 2500], schema=schema)
    buffer = BytesIO()
    with (pa.ipc.new_file if as_file else pa.ipc.new_stream)(buffer, schema) as writer:
        writer.write_table(table, max_chunksize=1100)
    source = {
        "mine/dataset_dict.json": json.dumps({"splits": ["train"]}),
        "mine/train/data-00000-of-00001.arrow": buffer.getvalue(),
        "mine/train/dataset_info.json": json.dumps({"features": features}),
        "mine/train/state.json": "{}",
    }

    with opened(source) as files:
        assert HuggingFace().fits(files)
        plan = HuggingFace().read(files, FormatOptions())
        assert len(plan.samples) == 2500
        assert plan.problems == []
        assert plan.samples[0].subset == "train"
        for number in (0, 1099, 1100, 2499, 3, 2300):
            found = plan.samples[number]
            assert found.content.read(files) == picture(8 + number, 8)
            assert found.content.size_bytes == len(picture(8 + number, 8))


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_an_image_folder_with_its_metadata_is_read(name: str) -> None:
    rows = [("a/1.png", "cat"), ("2.png", "dog")]
    tables = {
        "metadata.csv": "file_name,label\n" + "".join(f"{path},{kind}\n" for path, kind in rows),
        "metadata.jsonl": "".join(
            json.dumps({"file_name": path, "label": kind}) + "\n" for path, kind in rows
        ),
    }
    source = {"train/a/1.png": picture(8, 8), "train/2.png": picture(9, 8), f"train/{name}": tables[name]}
    source |= {"test/2.png": picture(10, 8), f"test/{name}": tables[name].replace("a/1.png", "nowhere.png")}

    trip = read(HuggingFace(), source)

    assert [(found.name, found.subset, found.annotations) for found in trip.plan.samples] == [
        ("train/a/1.png", "train", label("cat")),
        ("train/2.png", "train", label("dog")),
        ("test/2.png", "test", label("dog")),
    ]
    assert [each.code for each in trip.problems if each.outcome == "rejected"] == ["file_missing"]


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ({"a.parquet": parquet({"x": (pa.int64(), [1])}, {"x": VALUE})}, True),
        ({"a.parquet": parquet({"x": (pa.int64(), [1])}, {})}, False),
        ({"a.parquet": b"PAR1 no"}, False),
        ({"data/train-00000-of-00001.parquet": b""}, True),
        ({"metadata.csv": "file_name\n"}, True),
        ({"a.arrow": b""}, False),
        ({"a.csv": b""}, False),
    ],
)
def test_its_own_files_are_known(source: dict[str, bytes | str], fits: bool) -> None:
    with opened(source) as files:
        assert HuggingFace().fits(files) is fits


def samples(modality: Modality) -> st.SearchStrategy[list[Sample]]:
    one = st.builds(
        Sample,
        name=st.from_regex(r"[a-z]{1,3}(/[a-z0-9 ,=+-]{1,6})?x\.png", fullmatch=True),
        annotations=st.lists(some.labels | some.many_labels | some.targets | some.every, max_size=3).map(
            tuple
        ),
        subset=some.subsets,
        fields=some.fields,
        data=some.texts.map(str.encode) if modality == "text" else st.none(),
    )
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda sample: sample.name)


@pytest.mark.parametrize("modality", ["image", "text"])
@given(st.data())
def test_what_does_not_come_back_as_it_was_is_told(modality: Modality, data: st.DataObject) -> None:
    sent = data.draw(samples(modality))

    trip = round_trip(HuggingFace(), content(sent, modality=modality))

    told = {loss.path for loss in trip.losses}
    found = {each.name: each for each in trip.plan.samples}
    for sample in sent:
        if sample.name in told:
            continue
        back = found[sample.name]
        assert sorted(map(str, back.annotations)) == sorted(map(str, sample.annotations))
        assert back.subset == sample.subset
        assert dict(back.fields) == {
            name: value for name, value in sample.fields.items() if value is not None
        }
        assert trip.samples[sample.name].data == sample.read()


def test_plain_samples_lose_nothing() -> None:
    both = (*label("cat"), TargetAnnotation(name="age", value=2.5), CaptionAnnotation(text="x"))
    sent = [
        Sample("a.png", both, "train", {"video": "v", "frame": 3, "w": 0.5, "ok": True}),
        Sample("b.png", (LabelsAnnotation(labels=("dog", "cat")),), "my-test"),
        Sample("c.png", (LabelsAnnotation(labels=()),), "val"),
        Sample("d.png"),
    ]

    trip = round_trip(HuggingFace(), content(sent))

    assert trip.losses == []
    found = {each.name: each for each in trip.plan.samples}
    for sample in sent:
        assert sorted(map(str, found[sample.name].annotations)) == sorted(map(str, sample.annotations))
        assert found[sample.name].subset == sample.subset
        assert dict(found[sample.name].fields) == sample.fields


def test_the_schema_says_what_the_library_must_know(tmp_path: Path) -> None:
    sent = [Sample("a.png", label("cat"), "train"), Sample("b.png", label("dog"), "train")]
    with ZipSink(tmp_path / "a.zip") as sink:
        assert list(HuggingFace().write(content(sent, classes=("cat", "dog")), sink)) == []

    with zipfile.ZipFile(tmp_path / "a.zip") as written:
        table = pq.read_table(BytesIO(written.read("data/train-00000-of-00001.parquet")))
    assert json.loads(table.schema.metadata[b"huggingface"])["info"]["features"] == {
        "image": {"_type": "Image"},
        "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
    }
    assert table.column("label").to_pylist() == [0, 1]
    assert table.column("image").to_pylist()[0] == {"bytes": picture(), "path": "a.png"}
