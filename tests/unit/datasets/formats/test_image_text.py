"""Image–text pairs: tables, Karpathy's splits, texts beside images; captions add up and come back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import BoxAnnotation, CaptionAnnotation, LabelAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats.image_text import ImageText
from services.datasets.formats.tables.arrow_batches import TableIsDamaged
from tests.unit.datasets.formats import annotation_strategies as some
from tests.unit.datasets.formats.trips import Sample, Trip, content, opened, picture, read, round_trip

ONE, TWO = picture(8, 8), picture(9, 8)


def captions(trip: Trip) -> dict[str, list[str]]:
    return {
        found.name: [each.text for each in found.annotations if isinstance(each, CaptionAnnotation)]
        for found in trip.plan.samples
    }


def refused(trip: Trip) -> list[tuple[str, int | None]]:
    return [(each.code, each.row) for each in trip.problems if each.outcome == "rejected"]


def karpathy(*images: object) -> dict[str, str | bytes]:
    return {
        "dataset_tiny.json": json.dumps({"images": images, "dataset": "tiny"}),
        "images/train/1.jpg": ONE,
        "images/2.jpg": TWO,
    }


@pytest.mark.parametrize(
    "table",
    [
        {"t.csv": 'image,caption\n1.jpg,"a cat, black"\n2.jpg,a dog\n1.jpg,a pet\n'},
        {"t.csv": "image|caption\n1.jpg|a cat, black\n1.jpg|a pet\n2.jpg|a dog\n"},
        {
            "t.jsonl": '{"file_name": "1.jpg", "captions": ["a cat, black", "a pet"]}\n'
            '{"file_name": "2.jpg", "captions": "a dog"}\n'
        },
        {"1.txt": "a cat, black\n\na pet\n", "2.txt": "\ufeffa dog"},
    ],
)
def test_captions_of_one_image_add_up(table: dict[str, str]) -> None:
    source = {**table, "1.jpg": ONE, "2.jpg": TWO}

    trip = read(ImageText(), source)

    assert captions(trip) == {"1.jpg": ["a cat, black", "a pet"], "2.jpg": ["a dog"]}
    assert trip.plan.modality == "image_text"
    assert refused(trip) == []
    with opened(source) as files:
        assert ImageText().fits(files)


def test_the_same_caption_twice_is_told() -> None:
    trip = read(ImageText(), {"t.csv": "image,caption\n1.jpg,x y\n1.jpg,x y\n", "1.jpg": ONE})

    assert captions(trip) == {"1.jpg": ["x y"]}
    assert refused(trip) == [("name_repeated", 3)]


def test_karpathys_splits_are_read() -> None:
    source = karpathy(
        {
            "filename": "1.jpg",
            "filepath": "train",
            "imgid": 0,
            "split": "restval",
            "sentids": [1, 2],
            "sentences": [{"raw": "a cat", "tokens": ["a", "cat"]}, {"raw": "a pet"}],
        },
        {"filename": "2.jpg", "split": "val", "sentences": [{"raw": "a dog"}]},
    )

    trip = read(ImageText(), source)

    assert captions(trip) == {"images/train/1.jpg": ["a cat", "a pet"], "images/2.jpg": ["a dog"]}
    assert [found.subset for found in trip.plan.samples] == ["restval", "val"]
    assert dict(trip.plan.samples[0].fields) == {"imgid": 0}
    assert refused(trip) == []


def test_what_is_wrong_in_karpathys_file_is_told() -> None:
    good = {"filename": "2.jpg", "split": "val", "sentences": [{"raw": "a dog"}]}
    bad = [{"filename": "9.jpg"}, 5, {"filename": "../x.jpg"}, {"filename": None}, {**good, "sentences": 3}]

    trip = read(ImageText(), karpathy(good, *bad))

    told = [each for each in refused(trip) if each[1]]
    assert sorted(told, key=lambda each: each[1] or 0) == [
        ("file_missing", 2),
        ("image_malformed", 3),
        ("path_escapes", 4),
        ("file_missing", 5),
        ("name_repeated", 6),
    ]
    assert captions(trip) == {"images/2.jpg": ["a dog"]}


@pytest.mark.parametrize(
    "data",
    [
        '{"images": 5, "sentences": 1, "filename": 2}',
        '{"filename" "sentences"',
        '[["sentences", "filename"]]',
    ],
)
def test_a_file_of_karpathy_that_cannot_be_read_fails_with_its_reason(data: str) -> None:
    with pytest.raises(TableIsDamaged):
        read(ImageText(), {"dataset_x.json": data, "1.jpg": ONE})


def test_texts_and_images_without_each_other_are_told_or_kept() -> None:
    source = {
        "train/1.jpg": ONE, "train/1.txt": "a cat", "train/2.jpg": TWO, "train/3.txt": "nobody",
        "train/x.pdf": b"", "train/4.jpg": picture(10, 8), "train/4.txt": b"M\xfcll",
    }  # fmt: skip

    trip = read(ImageText(), source)

    assert captions(trip) == {"1.jpg": ["a cat"], "2.jpg": [], "4.jpg": []}
    assert {found.subset for found in trip.plan.samples} == {"train"}
    assert refused(trip) == [("encoding_wrong", None), ("no_image_beside", None), ("not_an_image", None)]
    assert captions(read(ImageText(), source, FormatOptions(encoding="latin-1")))["4.jpg"] == ["Müll"]


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ({"1.jpg": b"", "1.txt": "0 0.5 0.5 0.1 0.1\n"}, False),
        ({"1.jpg": b"", "1.txt": "a cat"}, True),
        ({"1.jpg": b"", "2.jpg": b"", "1.txt": "a cat"}, False),
        ({"1.jpg": b"", "t.csv": "path,label\n1.jpg,cat\n"}, False),
        ({"1.jpg": b"", "t.csv": "path,caption\n1.jpg,a cat\n"}, True),
        ({"t.csv": "text,caption\nx,a cat\n"}, False),
        ({"dataset_info.json": "{}"}, False),
        ({"1.jpg": b""}, False),
    ],
)
def test_it_is_known_by_its_captions(source: dict[str, str | bytes], fits: bool) -> None:
    with opened(source) as files:
        assert ImageText().fits(files) is fits


def test_plain_samples_lose_nothing() -> None:
    two = (CaptionAnnotation(text="a\ncat"), CaptionAnnotation(text="=1+1"))
    sent = [
        Sample("a/1.png", two, "train", {"video": "v", "frame": 3, "w": 0.5, "day": "007"}),
        Sample("2.png", (CaptionAnnotation(text="x"), LabelAnnotation(label="cat"))),
        Sample("3.png", (), "val"),
    ]

    trip = round_trip(ImageText(), content(sent, modality="image_text"))

    assert trip.losses == []
    found = {each.name: each for each in trip.plan.samples}
    for sample in sent:
        assert found[sample.name].annotations == sample.annotations
        assert found[sample.name].subset == sample.subset
        assert dict(found[sample.name].fields) == sample.fields


def test_what_it_cannot_carry_is_told() -> None:
    box = BoxAnnotation(label="a", x=1, y=1, width=2, height=2)

    trip = round_trip(ImageText(), content([Sample("1.png", (box, CaptionAnnotation(text="x")))]))

    assert [(loss.path, loss.code) for loss in trip.losses] == [("1.png", "annotation_lost")]


samples = st.lists(
    st.builds(
        Sample,
        name=st.from_regex(r"[a-z]{1,3}(/[a-z0-9 ,=+-]{1,6})?x\.png", fullmatch=True),
        annotations=st.lists(st.builds(CaptionAnnotation, text=some.texts) | some.likely, max_size=3).map(
            tuple
        ),
        subset=some.subsets,
        fields=some.fields,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda sample: sample.name,
)


@given(samples)
def test_what_does_not_come_back_as_it_was_is_told(sent: list[Sample]) -> None:
    trip = round_trip(ImageText(), content(sent, modality="image_text"))

    told = {loss.path for loss in trip.losses}
    found = {each.name: each for each in trip.plan.samples}
    for sample in sent:
        if sample.name in told:
            continue
        assert sorted(map(str, found[sample.name].annotations)) == sorted(map(str, sample.annotations))
        assert found[sample.name].subset == sample.subset
        kept = {name: value for name, value in sample.fields.items() if value is not None}
        assert dict(found[sample.name].fields) == kept
