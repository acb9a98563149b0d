"""COCO: what its files say, wherever they lie; what is wrong with them, one by one; there and back again."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faster_coco_eval import COCO
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    LabelAnnotation,
    PolygonAnnotation,
    RotatedBoxAnnotation,
)
from services.datasets.formats.coco import Coco, document
from services.datasets.formats.masks import mask_of
from services.datasets.formats.sink import ZipSink
from tests.unit.datasets.formats import annotation_strategies as some
from tests.unit.datasets.formats.trips import Sample, Trip, content, opened, picture, read, round_trip

CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 7, "name": "dog"}]
SQUARE = [10.0, 10.0, 30.0, 10.0, 30.0, 30.0, 10.0, 30.0]
PARTS = (((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0)),)
BOX = {"bbox": [1, 2, 3, 4], "category_id": 1}


def coco(annotations: list[Any], images: list[Any] | None = None, categories: list[Any] | None = None) -> str:
    listed = [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}] if images is None else images
    made = [
        {"id": 100 + n, "image_id": 1} | each if isinstance(each, dict) else each
        for n, each in enumerate(annotations)
    ]
    return json.dumps(
        {
            "images": listed,
            "annotations": made,
            "categories": CATEGORIES if categories is None else categories,
        }
    )


def imported(*annotations: Any, **more: Any) -> Trip:
    return read(Coco(), {"a.json": coco(list(annotations), **more), "images/a.png": picture()})


def only(trip: Trip) -> tuple[Annotation, ...]:
    (sample,) = trip.samples.values()
    return sample.annotations


def said(trip: Trip) -> list[tuple[str, str, int | None]]:
    return [(problem.code, problem.outcome, problem.row) for problem in trip.problems]


def box(x: float, y: float, width: float, height: float, label: str = "cat", **more: Any) -> BoxAnnotation:
    return BoxAnnotation(label=label, x=x, y=y, width=width, height=height, **more)


@pytest.mark.parametrize(
    ("json_path", "image_path", "file_name", "name", "subset"),
    [
        ("annotations/instances_train2017.json", "train2017/a.png", "a.png", "train2017/a.png", "train"),
        (
            "coco/annotations/instances_val2017.json",
            "coco/images/val2017/a.png",
            "a.png",
            "val2017/a.png",
            "val",
        ),
        ("valid/_annotations.coco.json", "valid/a.png", "a.png", "valid/a.png", "val"),
        ("annotations/instances_default.json", "images/x/a.png", "x/a.png", "x/a.png", None),
        ("annotations/instances_default.json", "images/default/a.png", "a.png", "default/a.png", None),
        ("x/annotations.json", "x/a.png", "./a.png", "a.png", None),
        ("labels/test.json", "data/deep/down/a.png", "a.png", "data/deep/down/a.png", "test"),
        ("annotations/person_keypoints_val2017.json", "val2017/a.png", "a.png", "val2017/a.png", "val"),
        ("annotations/instances_hold-out.json", "images/a.png", "a.png", "a.png", "hold-out"),
        ("result.json", "images/a.png", "images/a.png", "a.png", None),
        ("result.json", "images/a.png", "http://images.cocodataset.org/val2017/a.png", "a.png", None),
        ("result.json", "images/a.png", "C:\\data\\a.png", "a.png", None),
        ("result.json", "images/a.png", "..\\data\\images\\a.png", "a.png", None),
    ],
)
def test_images_are_found_where_people_put_them(
    json_path: str, image_path: str, file_name: str, name: str, subset: str | None
) -> None:
    listed = [{"id": 1, "file_name": file_name, "width": 64, "height": 48}]
    files = {json_path: coco([BOX], listed), image_path: picture()}

    trip = read(Coco(), files)

    (sample,) = trip.samples.values()
    assert (sample.name, sample.subset) == (name, subset)
    assert sample.annotations == (box(1, 2, 3, 4),)
    assert trip.problems == []


def test_two_subsets_may_have_images_of_the_same_name() -> None:
    files = {
        "annotations/instances_train2017.json": coco([BOX]),
        "annotations/instances_val2017.json": coco([BOX | {"category_id": 7}]),
        "train2017/a.png": picture(64, 48),
        "val2017/a.png": picture(64, 48),
    }

    trip = read(Coco(), files)

    labels = {sample.name: (sample.subset, sample.annotations[0].label) for sample in trip.samples.values()}  # type: ignore[union-attr]
    assert labels == {"train2017/a.png": ("train", "cat"), "val2017/a.png": ("val", "dog")}


def test_instances_keypoints_and_captions_of_an_image_come_together() -> None:
    person = BOX | {"keypoints": [5, 6, 2, 0, 0, 0], "num_keypoints": 1}
    files = {
        "annotations/instances_val.json": coco([BOX]),
        "annotations/person_keypoints_val.json": coco([person]),
        "annotations/captions_val.json": coco([{"caption": "Ein Hund – schläft."}], categories=[]),
        "val/a.png": picture(),
    }

    trip = read(Coco(), files)

    assert only(trip) == (
        box(1, 2, 3, 4),
        KeypointsAnnotation(label="cat", points=((5, 6, 2), (0, 0, 0))),
        CaptionAnnotation(text="Ein Hund – schläft."),
    )
    # The person is in both files.
    assert said(trip) == [("annotation_repeated", "duplicate", 1)]
    assert trip.plan.modality == "image_text"


def test_images_with_captions_alone_are_images_with_texts() -> None:
    trip = imported({"caption": "a"}, {"caption": "b"})

    assert only(trip) == (CaptionAnnotation(text="a"), CaptionAnnotation(text="b"))
    assert trip.plan.modality == "image_text"


def test_an_outline_says_more_than_its_box() -> None:
    trip = imported(
        {"segmentation": [SQUARE, [40, 40, 45, 40, 45, 45]], "bbox": [10, 10, 35, 35], "category_id": 7},
        {"segmentation": SQUARE, "category_id": 1, "iscrowd": 1},
    )

    assert only(trip) == (
        PolygonAnnotation(label="dog", parts=(*PARTS, ((40, 40), (45, 40), (45, 45)))),
        PolygonAnnotation(label="cat", parts=PARTS, is_ignored=True),
    )
    assert trip.problems == []


def test_masks_come_packed_or_plain() -> None:
    pixels = np.zeros((48, 64))
    pixels[5:9, 7:20] = 1
    mask = mask_of(pixels, "cat")
    plain = [7 * 48 + 5, *[4, 44] * 12, 4, 48 * 64 - 19 * 48 - 9]

    packed = {"segmentation": {"size": [48, 64], "counts": mask.rle}, "bbox": [7, 5, 13, 4], "category_id": 1}
    crowd = {"segmentation": {"size": [48, 64], "counts": plain}, "category_id": 1, "iscrowd": 1}
    trip = imported(packed, crowd)

    assert only(trip) == (mask, mask.model_copy(update={"is_ignored": True}))
    assert trip.problems == []


def test_what_else_is_known_of_images_becomes_fields() -> None:
    listed = [
        {
            "id": 1,
            "file_name": "a.png",
            "video": "v1",
            "frame": 3,
            "tags": ["x"],
            "note": None,
            "long": "x" * 5000,
        }
    ]

    trip = imported(images=listed)

    assert trip.samples["images/a.png" if "images/a.png" in trip.samples else "a.png"].fields == {
        "video": "v1",
        "frame": 3,
    }
    assert said(trip) == [("field_dropped", "warning", None)] * 2


NAN, INFINITY = float("nan"), float("inf")
RLE = {"size": [48, 64], "counts": "0"}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"category_id": 99, "bbox": [1, 2, 3, 4]}, "category_unknown"),
        ({"category_id": None, "bbox": [1, 2, 3, 4]}, "category_unknown"),
        ({"category_id": [[]], "bbox": [1, 2, 3, 4]}, "category_unknown"),
        ({"category_id": True, "bbox": [1, 2, 3, 4]}, "category_unknown"),
        (BOX | {"image_id": 5}, "image_unknown"),
        (BOX | {"image_id": 10**500}, "image_unknown"),
        (BOX | {"image_id": {"a": 1}}, "image_unknown"),
        (BOX | {"bbox": [1, 2, 0, 4]}, "box_empty"),
        (BOX | {"bbox": [1, 2, 3, -4]}, "box_empty"),
        (BOX | {"bbox": [1, 2, 3]}, "box_invalid"),
        (BOX | {"bbox": [1, 2, 3, NAN]}, "box_invalid"),
        (BOX | {"bbox": [1, 2, INFINITY, 4]}, "box_invalid"),
        (BOX | {"bbox": [1, 2, 10**400, 4]}, "box_invalid"),
        (BOX | {"bbox": ["1", 2, 3, 4]}, "box_invalid"),
        (BOX | {"bbox": [True, 2, 3, 4]}, "box_invalid"),
        (BOX | {"bbox": "1 2 3 4"}, "box_invalid"),
        (BOX | {"bbox": {"x": 1}}, "box_invalid"),
        (BOX | {"bbox": [64, 0, 5, 5]}, "box_outside"),
        (BOX | {"bbox": [-1e300, 0, 5, 5]}, "box_outside"),
        ({"category_id": 1}, "annotation_empty"),
        ({"category_id": 1, "segmentation": []}, "annotation_empty"),
        ({"category_id": 1, "segmentation": [[]]}, "segmentation_invalid"),
        ({"category_id": 1, "segmentation": [[1, 2, 3, 4]]}, "segmentation_invalid"),
        ({"category_id": 1, "segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, "segmentation_invalid"),
        ({"category_id": 1, "segmentation": [[1, 2, 3, 4, 5, NAN]]}, "segmentation_invalid"),
        ({"category_id": 1, "segmentation": [[1, 2, 3, 4, 5, "6"]]}, "segmentation_invalid"),
        ({"category_id": 1, "segmentation": [SQUARE, 5]}, "segmentation_invalid"),
        ({"category_id": 1, "segmentation": "polygon"}, "segmentation_invalid"),
        ({"category_id": 1, "segmentation": [[1, 1, 5, 5, 9, 9]]}, "polygon_empty"),
        ({"category_id": 1, "segmentation": [[100, 0, 110, 0, 110, 9]]}, "polygon_outside"),
        ({"category_id": 1, "segmentation": [[0, 0, 1e300, 0, 0, 9]]}, "coordinates_absurd"),
        ({"category_id": 1, "segmentation": RLE}, "mask_malformed"),
        ({"category_id": 1, "segmentation": {"size": [48, 64]}}, "mask_malformed"),
        ({"category_id": 1, "segmentation": {"size": [48, 64], "counts": [1, -1]}}, "mask_malformed"),
        ({"category_id": 1, "segmentation": {"size": [48, 64], "counts": [1, "a"]}}, "mask_malformed"),
        ({"category_id": 1, "segmentation": {"size": [10**9, 10**9], "counts": [10**18]}}, "mask_malformed"),
        ({"category_id": 1, "segmentation": {"size": [48], "counts": "0"}}, "mask_malformed"),
        ({"category_id": 1, "segmentation": {"size": [64, 48], "counts": [64 * 47, 64]}}, "mask_size"),
        ({"category_id": 1, "segmentation": {"size": [48, 64], "counts": [48 * 64]}}, "mask_empty"),
        ({"caption": ""}, "caption_invalid"),
        ({"caption": 5}, "caption_invalid"),
        ({"caption": "a\0b"}, "nul_character"),
        ({"caption": "half \ud800 of it"}, "text_invalid"),
        ("annotation", "annotation_invalid"),
        (None, "annotation_invalid"),
        ([[]], "annotation_invalid"),
    ],
)  # fmt: skip
def test_a_bad_annotation_is_refused_by_its_row_and_others_stay(bad: object, code: str) -> None:
    trip = imported(BOX, bad, BOX | {"category_id": 7})

    assert only(trip) == (box(1, 2, 3, 4), box(1, 2, 3, 4, "dog"))
    assert said(trip) == [(code, "rejected", 2)]
    (problem,) = trip.problems
    assert (problem.path, problem.level) == ("a.json", "annotation")
    assert problem.message
    assert trip.plan.num_annotations == 3


@pytest.mark.parametrize(
    ("given", "kept", "code"),
    [
        (BOX | {"bbox": [-10, 2, 30, 4]}, box(0, 2, 20, 4), "box_clipped"),
        (BOX | {"segmentation": [[1, 2]]}, box(1, 2, 3, 4), "segmentation_invalid"),
        (BOX | {"segmentation": RLE}, box(1, 2, 3, 4), "mask_malformed"),
        (
            {"category_id": 1, "segmentation": [SQUARE, [1, 2]]},
            PolygonAnnotation(label="cat", parts=PARTS),
            "polygon_part_dropped",
        ),
    ],
)  # fmt: skip
def test_what_can_be_saved_of_an_annotation_is(given: dict[str, Any], kept: Annotation, code: str) -> None:
    trip = imported(given)

    assert only(trip) == (kept,)
    assert said(trip) == [(code, "repaired", 1)]


def test_bad_keypoints_leave_the_box() -> None:
    bad = [[1, 2], [1, 2, 3], [1, 2, NAN], "1 2 2", [1, 2, 0.5]]

    for keypoints in bad:
        trip = imported(BOX | {"keypoints": keypoints})
        assert only(trip) == (box(1, 2, 3, 4),)
        assert said(trip) == [("keypoints_invalid", "rejected", 1)]


def test_a_box_far_from_its_outline_is_worth_a_look() -> None:
    trip = imported(
        {"segmentation": [SQUARE], "bbox": [10, 10, 22.1, 20], "category_id": 1},
        {"segmentation": [[1, 1, 9, 1, 9, 9]], "bbox": ["a"], "category_id": 1},
    )

    assert len(only(trip)) == 2
    assert said(trip) == [("box_differs", "warning", 1), ("box_invalid", "warning", 2)]


def test_images_that_cannot_be_found_are_named_and_so_are_their_annotations() -> None:
    listed = [
        {"id": 1, "file_name": "a.png"},
        {"id": 2, "file_name": "missing.png"},
        {"id": 1, "file_name": "again.png"},
        {"id": None, "file_name": "a.png"},
        {"id": 3},
        "image",
        {"id": 4, "file_name": "../../../etc/passwd"},
        {"id": 5, "file_name": "/etc/passwd"},
        {"id": 6, "file_name": "http://example.org/b.png"},
        {"id": 7, "file_name": "same.png"},
    ]
    files = {
        "x/a.json": coco([BOX, BOX | {"image_id": 2}, BOX | {"image_id": 4}], listed),
        "x/a.png": picture(),
        "x/1/same.png": picture(),
        "x/2/same.png": picture(),
        "x/README.txt": b"",
    }

    trip = read(Coco(), files)

    assert only(trip) == (box(1, 2, 3, 4),)
    assert [(problem.path, *rest) for problem, rest in zip(trip.problems, said(trip), strict=True)] == [
        ("x/a.json", "image_missing", "rejected", 2),
        ("x/a.json", "image_id_repeated", "rejected", 3),
        ("x/a.json", "image_invalid", "rejected", 4),
        ("x/a.json", "image_invalid", "rejected", 5),
        ("x/a.json", "image_invalid", "rejected", 6),
        ("x/a.json", "image_missing", "rejected", 7),
        ("x/a.json", "image_missing", "rejected", 8),
        ("x/a.json", "image_missing", "rejected", 9),
        ("x/a.json", "image_ambiguous", "rejected", 10),
        ("x/a.json", "image_missing", "rejected", 2),
        ("x/a.json", "image_missing", "rejected", 3),
        ("x/1/same.png", "not_listed", "rejected", None),
        ("x/2/same.png", "not_listed", "rejected", None),
        ("x/README.txt", "not_an_image", "rejected", None),
    ]  # fmt: skip


def test_an_image_listed_twice_is_one_sample() -> None:
    listed = [{"id": 1, "file_name": "a.png"}, {"id": "b", "file_name": "./a.png"}]

    trip = imported(BOX, BOX | {"image_id": "b", "bbox": [5, 5, 5, 5]}, images=listed)

    assert only(trip) == (box(1, 2, 3, 4), box(5, 5, 5, 5))
    assert said(trip) == [("image_listed_twice", "warning", 2)]


def test_an_image_that_two_subsets_list_stays_in_the_first() -> None:
    files = {"train.json": coco([BOX]), "val.json": coco([BOX | {"category_id": 7}]), "a.png": picture()}

    trip = read(Coco(), files)

    assert {sample.subset for sample in trip.samples.values()} == {"train"}
    assert len(only(trip)) == 2
    assert said(trip) == [("subset_contradicts", "warning", 1)]


def test_repeated_ids_and_bad_categories_are_told() -> None:
    categories = [
        *CATEGORIES,
        {"id": 1, "name": "cow"},
        {"name": "x"},
        {"id": 9},
        {"id": 10, "name": "cat"},
        5,
    ]

    trip = imported(BOX | {"id": 3}, BOX | {"id": 3, "bbox": [5, 5, 5, 5]}, categories=categories)

    assert only(trip) == (box(1, 2, 3, 4), box(5, 5, 5, 5))
    assert said(trip) == [
        ("category_repeated", "warning", 3),
        ("category_invalid", "warning", 4),
        ("category_invalid", "warning", 5),
        ("category_repeated", "warning", 6),
        ("category_invalid", "warning", 7),
        ("annotation_id_repeated", "warning", 2),
    ]
    assert trip.plan.classes == ("cat", "dog")


def test_a_size_that_is_not_the_image_s_is_worth_a_look() -> None:
    for size, hint in (((640, 480), ""), ((48, 64), "EXIF")):
        listed = [{"id": 1, "file_name": "a.png", "width": size[0], "height": size[1]}]
        trip = imported(BOX, images=listed)
        assert said(trip) == [("size_differs", "warning", 1)]
        assert hint in trip.problems[0].message


@pytest.mark.parametrize(
    "text",
    [
        '{"images": [{"file_name": "a.png"',
        '{"images": [{"file_name": ' + "[" * 5000 + "]" * 5000 + "}]}",
        '[{"images": [{"file_name": 1}]}]',
        '{"images": [{"file_name": "\xff"}]}'.encode("latin-1"),
    ],
)
def test_a_broken_json_is_named(text: str | bytes) -> None:
    good = coco([BOX])

    trip = read(Coco(), {"bad.json": text, "good.json": good, "a.png": picture()})

    assert only(trip) == (box(1, 2, 3, 4),)
    assert [(problem.path, problem.code, problem.outcome) for problem in trip.problems] == [
        ("bad.json", "json_unreadable", "rejected")
    ]


def test_a_json_that_is_too_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "LARGEST_BYTES", 100)

    trip = imported(BOX)

    assert ("json_unreadable", "rejected", None) in said(trip)


def test_lists_that_are_none_are_empty() -> None:
    text = json.dumps(
        {"images": [{"id": 1, "file_name": "a.png"}], "annotations": {"a": 1}, "categories": None}
    )

    trip = read(Coco(), {"a.json": text, "a.png": picture()})

    assert only(trip) == ()
    assert said(trip) == [("list_invalid", "warning", None)]


def test_a_json_with_a_byte_order_mark_or_in_another_unicode_is_read() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        trip = read(
            Coco(), {"a.json": coco([BOX]), "b.json": coco([BOX]).encode(encoding), "a.png": picture()}
        )
        assert only(trip) == (box(1, 2, 3, 4),)


@pytest.mark.parametrize(
    ("files", "is_coco"),
    [
        ({"a.json": coco([])}, True),
        ({"x/a.json": '{"info": {}, "annotations": [{"id": 1, "image_id": 2'}, True),
        ({"a.json": "{}", "a.png": b""}, False),
        ({"a.json": '{"images": ["a.png"]}'}, False),
        ({"a.txt": coco([])}, False),
        ({"__MACOSX/a.json": coco([])}, False),
    ],
)
def test_coco_is_told_by_the_beginning_of_a_json(files: Mapping[str, bytes | str], is_coco: bool) -> None:
    with opened(files) as source:
        assert Coco().fits(source) is is_coco


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["id", "image_id", "category_id", "bbox", "segmentation", "keypoints", "iscrowd", "caption", "file_name",
     "width", "height", "name", "size", "counts"]
)  # fmt: skip
things = (
    st.dictionaries(keys, junk | st.sampled_from([1, "a.png", SQUARE, [SQUARE], [1, 2, 3, 4]]), max_size=7)
    | junk
)


@given(
    st.lists(things, max_size=4) | junk,
    st.lists(things, max_size=4) | junk,
    st.lists(things, max_size=3) | junk,
)
def test_no_json_ends_an_import(images: Any, annotations: Any, categories: Any) -> None:
    listed = [{"id": 1, "file_name": "a.png"}, *(images if isinstance(images, list) else [])]
    text = json.dumps({"images": listed, "annotations": annotations, "categories": categories})

    trip = read(Coco(), {"a.json": text, "a.png": picture()})

    assert list(trip.samples) == ["a.png"]


def test_what_was_written_is_read_by_others(tmp_path: Path) -> None:
    person = (box(1, 2, 30, 40, "person"), KeypointsAnnotation(label="person", points=((5, 6, 2), (0, 0, 0))))
    mask = mask_of(np.eye(48, 64), "cat")
    samples = [
        Sample("x/a.png", (PolygonAnnotation(label="cat", parts=PARTS), mask), subset="train"),
        Sample("b.png", (*person, CaptionAnnotation(text="a person")), subset="train"),
    ]
    with ZipSink(tmp_path / "a.zip") as sink:
        assert list(Coco().write(content(samples), sink)) == []
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        (tmp_path / "coco.json").write_bytes(file.read("annotations/instances_train.json"))
        assert set(file.namelist()) == {
            "annotations/instances_train.json",
            "annotations/captions_train.json",
            "images/b.png",
            "images/x/a.png",
        }

    read_back = COCO(str(tmp_path / "coco.json"))

    assert [category["name"] for category in read_back.loadCats(read_back.getCatIds())] == ["cat", "person"]
    shapes = [each for each in read_back.loadAnns(read_back.getAnnIds()) if each["segmentation"]]
    assert [read_back.annToMask(each).sum() for each in shapes] == [400, 48]
    assert [each["area"] for each in shapes] == [400, 48]


def test_a_number_of_thousands_of_digits_is_too_large() -> None:
    text = coco([BOX, BOX | {"bbox": [1, 2, 12345, 4]}]).replace("12345", "9" * 6000)

    trip = read(Coco(), {"a.json": text, "a.png": picture()})

    assert only(trip) == (box(1, 2, 3, 4),)
    assert said(trip) == [("box_invalid", "rejected", 2)]


# Inside of images of 64×48, and nothing that fitting would change.
labels = st.sampled_from(["cat", "Hund ☃", " a b ", "1"])
triangles = st.tuples(some.inside, some.inside, st.floats(2, 20), st.floats(2, 20)).map(
    lambda corner: (
        (corner[0], corner[1]),
        (corner[0] + corner[2], corner[1]),
        (corner[0], corner[1] + corner[3]),
    )
)
points = st.lists(st.tuples(some.inside, some.inside, st.sampled_from([0, 1, 2])), min_size=1, max_size=3)
instances = st.one_of(
    st.builds(
        BoxAnnotation,
        label=labels,
        x=some.inside,
        y=some.inside,
        width=some.inside,
        height=some.inside,
        is_ignored=st.booleans(),
    ),
    st.builds(
        PolygonAnnotation,
        label=labels,
        parts=st.lists(triangles, min_size=1, max_size=3).map(tuple),
        is_ignored=st.booleans(),
    ),
    st.builds(
        lambda label, on: mask_of(np.arange(64 * 48).reshape(48, 64) % on == 0, label),
        labels,
        st.integers(1, 3000),
    ),
    st.builds(KeypointsAnnotation, label=labels, points=points.map(tuple)),
    st.builds(CaptionAnnotation, text=some.texts),
)
others = st.builds(LabelAnnotation, label=labels) | st.builds(
    RotatedBoxAnnotation,
    label=labels,
    cx=some.inside,
    cy=some.inside,
    width=some.inside,
    height=some.inside,
    angle=some.inside,
)
samples = st.builds(
    Sample,
    name=st.sampled_from(
        ["a.png", "x/a.png", "images/b.jpg", "train/c", "Ü ber/ü.png", "x.json", "train2017/a.png"]
    ),
    annotations=st.lists(instances | others, max_size=6, unique=True).map(tuple),
    subset=st.sampled_from([None, "train", "val", "hold-out", "train2017", "default"]),
    fields=some.fields,
)


def told(trip: Trip, name: str) -> set[str]:
    return {loss.code for loss in trip.losses if loss.path == name}


@given(st.lists(samples, max_size=4, unique_by=lambda sample: sample.name))
def test_there_and_back_again_all_is_equal_or_the_loss_is_told(given: list[Sample]) -> None:
    trip = round_trip(Coco(), content(given)) if given else Trip({}, [], [], None)  # type: ignore[arg-type]

    assert [problem for problem in trip.problems if problem.outcome != "warning"] == []
    assert trip.samples.keys() == {sample.name for sample in given}
    for sample in given:
        arrived, losses = trip.samples[sample.name], told(trip, sample.name)
        carried = [each for each in sample.annotations if each.type in Coco.carries and not is_absent(each)]
        assert sorted(map(str, arrived.annotations)) == sorted(map(str, carried))
        assert ("annotation_lost" in losses) == (len(carried) < len(sample.annotations))
        assert (arrived.subset != sample.subset) == ("subset_renamed" in losses)
        kept = {name: value for name, value in sample.fields.items() if value is not None}
        assert (arrived.fields != kept) == ("fields_lost" in losses)


def is_absent(annotation: Annotation) -> bool:
    return isinstance(annotation, KeypointsAnnotation) and not any(point[2] for point in annotation.points)
