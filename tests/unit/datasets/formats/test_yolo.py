"""YOLO: its layouts and variants; what is wrong in them, line by line; there and back again."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import yaml
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
from services.datasets.formats.corners import corners_of
from services.datasets.formats.masks import array_of, mask_of, mask_of_parts, outline
from services.datasets.formats.sink import ZipSink
from services.datasets.formats.yolo import Yolo
from services.datasets.formats.yolo.labels import LabelFile, Scheme, label_file
from services.datasets.formats.yolo.layout import label_path
from tests.unit.datasets.formats import annotation_strategies as some
from tests.unit.datasets.formats.trips import Sample, Trip, content, opened, picture, read, round_trip

WIDTH, HEIGHT = 64, 48
YAML = "train: images/train\nval: images/val\nnames: [cat, dog]\n"
LINE = "1 0.5 0.5 0.25 0.25\n"


def imported(text: str | bytes, described: str = "names: [cat, dog]\n") -> Trip:
    return read(Yolo(), {"data.yaml": described, "images/a.png": picture(), "labels/a.txt": text})


def only(trip: Trip) -> tuple[Annotation, ...]:
    (sample,) = trip.samples.values()
    return sample.annotations


def said(trip: Trip) -> list[tuple[str, str, int | None]]:
    return [(problem.code, problem.outcome, problem.row) for problem in trip.problems]


def box(x: float, y: float, width: float, height: float, label: str = "dog") -> BoxAnnotation:
    return BoxAnnotation(label=label, x=x, y=y, width=width, height=height)


MIDDLE = box(24, 18, 16, 12)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {
                "data.yaml": YAML,
                "images/train/a.png": "labels/train/a.txt",
                "images/val/b.png": "labels/val/b.txt",
            },
            {"a.png": "train", "b.png": "val"},
        ),
        (
            {
                "data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n"
                "names: [cat, dog]",
                "train/images/a.png": "train/labels/a.txt",
                "valid/images/b.png": "valid/labels/b.txt",
                "test/images/c.png": "test/labels/c.txt",
            },
            {"a.png": "train", "b.png": "val", "c.png": "test"},
        ),
        (
            {
                "x/data.yaml": "path: /home/me/x\ntrain: images\nnames: {0: cat, 1: dog}",
                "x/images/a.png": "x/labels/a.txt",
            },
            {"a.png": "train"},
        ),
        (
            {
                "d.yaml": "train: [images/a, images/b]\nnames: [cat, dog]",
                "images/a/1.png": "labels/a/1.txt",
                "images/b/2.png": "labels/b/2.txt",
            },
            {"1.png": "train", "2.png": "train"},
        ),
        (
            {
                "data.yaml": YAML,
                "images/train/a.png": "labels/train/a.txt",
                "images/val/a.png": "labels/val/a.txt",
            },
            {"train/a.png": "train", "val/a.png": "val"},
        ),
        (
            {
                "classes.txt": "cat\ndog\n",
                "train/images/a.png": "train/labels/a.txt",
                "val/images/b.png": "val/labels/b.txt",
            },
            {"a.png": "train", "b.png": "val"},
        ),
        (
            {"obj.names": "cat\ndog", "obj_train_data/a.png": "obj_train_data/a.txt"},
            {"obj_train_data/a.png": None},
        ),
        (
            {
                "data.yaml": "train: train.txt\nval: val.txt\nnames: [cat, dog]",
                "train.txt": "./images/a.png\n",
                "val.txt": "/data/set/images/b.png\n",
                "images/a.png": "labels/a.txt",
                "images/b.png": "labels/b.txt",
            },
            {"a.png": "train", "b.png": "val"},
        ),
        (
            {"classes.txt": "cat\ndog\n", "train.txt": "data/obj/a.png\n", "obj/a.png": "obj/a.txt"},
            {"obj/a.png": "train"},
        ),
        ({"data.yaml": YAML, "img/a.png": "labels/a.txt"}, {"a.png": None}),
    ],
)
def test_labels_and_subsets_are_found_where_people_put_them(
    files: Mapping[str, str], found: dict[str, str | None]
) -> None:
    source: dict[str, bytes | str] = {}
    for path, what in files.items():
        source[path] = picture() if path.endswith(".png") else what
        if path.endswith(".png"):
            source[what] = LINE

    with opened(source) as opening:
        assert Yolo().fits(opening)
    trip = read(Yolo(), source)

    assert {name: sample.subset for name, sample in trip.samples.items()} == found
    assert {sample.annotations for sample in trip.samples.values()} == {(MIDDLE,)}
    assert [code for code, _, _ in said(trip) if code != "subset_missing"] == []


def test_the_last_folder_of_images_has_the_labels() -> None:
    assert label_path("images/train/a.b.png") == "labels/train/a.b.txt"
    assert label_path("images/x/images/a.png") == "images/x/labels/a.txt"
    assert label_path("data/images.png") == "data/images.txt"


def test_classes_without_names_are_numbers() -> None:
    files = {"images/a.png": picture(), "labels/a.txt": "7 0.5 0.5 0.25 0.25"}

    assert only(read(Yolo(), files)) == (MIDDLE.model_copy(update={"label": "7"}),)


def test_names_of_classes_are_texts_whatever_yaml_makes_of_them() -> None:
    described = "nc: 6\nnames:\n  - no\n  - 1\n  - 2020-01-01\n  - ~\n  - é ☃\n"

    trip = imported("\n".join(f"{number} 0.5 0.5 0.1 0.{number + 1}" for number in range(6)), described)

    assert [each.label for each in only(trip)] == ["no", "1", "2020-01-01", "~", "é ☃", "5"]  # type: ignore[union-attr]
    assert trip.plan.classes == ("no", "1", "2020-01-01", "~", "é ☃", "5")


def test_an_empty_file_is_an_image_without_objects_and_none_is_told() -> None:
    files = {"data.yaml": YAML, "images/a.png": picture(), "images/b.png": picture(), "labels/a.txt": "\n \n"}

    trip = read(Yolo(), files)

    assert {name: sample.annotations for name, sample in trip.samples.items()} == {"a.png": (), "b.png": ()}
    told = [(problem.path, problem.code) for problem in trip.problems if problem.code != "subset_missing"]
    assert told == [("images/b.png", "label_missing")]


def test_what_belongs_to_no_image_is_told() -> None:
    files = {
        "data.yaml": "names: [cat, dog]",
        "images/a.png": picture(),
        "labels/a.txt": LINE,
        "labels/b.txt": LINE,
        "README.roboflow.txt": "hello",
        "other.yaml": "a: 1",
    }

    trip = read(Yolo(), files)

    assert [(problem.path, problem.code, problem.outcome) for problem in trip.problems] == [
        ("labels/b.txt", "image_missing", "rejected"),
        ("README.roboflow.txt", "not_an_image", "rejected"),
        ("other.yaml", "not_an_image", "rejected"),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2 0.5 0.5 0.25 0.25", "class_unknown"),
        ("-1 0.5 0.5 0.25 0.25", "class_unknown"),
        ("0.5 0.5 0.5 0.25 0.25", "class_unknown"),
        ("99999999999999999999 0.5 0.5 0.25 0.25", "class_unknown"),
        ("dog 0.5 0.5 0.25 0.25", "line_invalid"),
        ("1 0.5 0.5 nan 0.25", "line_invalid"),
        ("1 0.5 0.5 1e999 0.25", "line_invalid"),
        ("1 0.5 0.5 0.25", "line_invalid"),
        ("1", "line_invalid"),
        ("1 0.5 0.5 0.25 0.25 0.9", "line_invalid"),
        ("1 0.1 0.1 0.2 0.2 0.3 0.3 0.4", "line_invalid"),
        ("1 0.5,0.5,0.25,0.25", "line_invalid"),
        ("1 0.5 0.5 0 0.25", "box_empty"),
        ("1 0.5 0.5 -0.25 0.25", "box_empty"),
        ("1 320 240 100 100", "not_relative"),
        ("1 1.5 0.5 0.25 0.25", "box_outside"),
        ("1 0.1 0.1 0.2 0.2 0.3 0.3", "polygon_empty"),
        ("1 1.1 0.1 1.2 0.1 1.2 0.3", "polygon_outside"),
        ("1 0.1 0.1 0.2 0.1 200 0.3", "not_relative"),
    ],
)
def test_a_bad_line_is_refused_by_its_row_and_others_stay(line: str, code: str) -> None:
    trip = imported(f"{LINE}\r\n{line}\n0 0.25 0.25 0.25 0.25")

    assert only(trip) == (MIDDLE, box(8, 6, 16, 12, "cat"))
    assert said(trip) == [(code, "rejected", 3)]
    assert trip.problems[0].path == "labels/a.txt"
    assert trip.plan.num_annotations == 3


def test_a_box_that_reaches_beyond_the_image_is_cut() -> None:
    trip = imported("1 0 0.5 0.5 0.5")

    assert only(trip) == (box(0, 12, 16, 24),)
    assert said(trip) == [("box_clipped", "repaired", 1)]


def test_the_same_line_twice_is_one_object() -> None:
    trip = imported(LINE * 2)

    assert only(trip) == (MIDDLE,)
    assert said(trip) == [("annotation_repeated", "duplicate", 2)]


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"1 0.5 0.5 0.25 \xe9"])
def test_an_image_whose_labels_cannot_be_read_is_refused_not_taken_for_empty(text: bytes) -> None:
    files = {
        "data.yaml": "names: [a]",
        "images/a.png": picture(),
        "labels/a.txt": text,
        "images/b.png": picture(),
    }

    trip = read(Yolo(), files)

    assert list(trip.samples) == ["b.png"]
    assert ("labels_unreadable", "rejected", None) in said(trip)


def test_outlines_have_as_many_points_as_they_like() -> None:
    trip = imported(
        "0 0.25 0.25 0.5 0.25 0.5 0.5\n1 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5\n"
        "0 0.1 0.1 0.2 0.1 0.2 0.2 0.15 0.3 0.1 0.2"
    )

    triangle, square, _ = only(trip)
    assert triangle == PolygonAnnotation(label="cat", parts=(((16, 12), (32, 12), (32, 24)),))
    assert square == PolygonAnnotation(label="dog", parts=(((16, 12), (32, 12), (32, 24), (16, 24)),))
    assert trip.problems == []


def test_four_corners_alone_are_rotated_boxes() -> None:
    trip = imported(
        "0 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5\n0 0.5 0.25 0.75 0.5 0.5 0.75 0.25 0.5\n"
        "0 0.25 0.25 0.5 0.25 0.5 0.5 0.2 0.7"
    )

    upright, turned, bent = only(trip)
    assert isinstance(upright, RotatedBoxAnnotation)
    assert np.allclose(corners_of(upright), [(16, 12), (32, 12), (32, 24), (16, 24)])
    assert all(isinstance(each, RotatedBoxAnnotation) for each in (turned, bent))
    # In pixels of an image that is no square, a diamond is no rectangle.
    assert said(trip) == [("box_not_rectangular", "repaired", 2), ("box_not_rectangular", "repaired", 3)]


def test_the_task_in_the_yaml_decides_what_four_corners_are() -> None:
    line = "0 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5"

    assert [each.type for each in only(imported(line, "task: segment\nnames: [a]"))] == ["polygon"]
    assert [each.type for each in only(imported(line, "task: obb\nnames: [a]"))] == ["rotated_box"]


def test_poses_are_a_box_and_its_keypoints() -> None:
    for described, line in (
        ("kpt_shape: [2, 3]\nnames: [cat, dog]", "1 0.5 0.5 0.25 0.25 0.5 0.5 2.0 0 0 0"),
        ("kpt_shape: [2, 2]\nnames: [cat, dog]", "1 0.5 0.5 0.25 0.25 0.5 0.5 0 0"),
    ):
        trip = imported(f"{line}\n{LINE}", described)
        keypoints = KeypointsAnnotation(label="dog", points=((32, 24, 2), (0, 0, 0)))
        assert only(trip) == (MIDDLE, keypoints)
        assert said(trip) == [("annotation_repeated", "duplicate", 2)]
    bad = imported("1 0.5 0.5 0.25 0.25 0.5 0.5 3 0 0 0", "kpt_shape: [2, 3]\nnames: [cat, dog]")
    assert said(bad) == [("keypoints_invalid", "rejected", 1)]


@pytest.mark.parametrize(
    "described",
    [
        "names: [cat, dog",
        "[" * 3000,
        "names: 5",
        "- a",
        "",
        "\0",
        "a: &a [*a]\nnames: *a",
        "names: {x: cat}",
        "b: !!python/object:os.x {}",
    ],
)
def test_no_yaml_ends_an_import(described: str) -> None:
    trip = imported(LINE, described)

    assert list(trip.samples) == ["a.png"]


def test_names_that_are_none_are_told_and_their_lines_refused() -> None:
    trip = imported("0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n2 0.5 0.5 0.1 0.1", 'names: ["", [a], cat, cat]')

    assert [each.label for each in only(trip)] == ["cat"]  # type: ignore[union-attr]
    assert said(trip) == [
        ("class_invalid", "warning", None),
        ("class_invalid", "warning", None),
        ("class_repeated", "warning", None),
        ("class_unknown", "rejected", 1),
        ("class_unknown", "rejected", 2),
    ]


def test_an_image_in_two_subsets_stays_in_the_first() -> None:
    trip = imported(LINE, "train: images\nval: images\nnames: [cat, dog]")

    assert {sample.subset for sample in trip.samples.values()} == {"train"}
    assert said(trip) == [("subset_contradicts", "warning", None)]


@pytest.mark.parametrize(
    ("files", "is_yolo"),
    [
        ({"data.yaml": YAML, "a.png": b""}, True),
        ({"data.yaml": YAML}, False),
        ({"a.png": b"", "a.txt": "0 0.5 0.5 0.1 0.1"}, True),
        ({"a.png": b"", "a.txt": "A dog on a chair."}, False),
        ({"images/a.png": b"", "labelTxt/a.txt": "1 1 2 1 2 2 1 2 plane 0"}, False),
        ({"images/a.png": b"", "labels/a.txt": ""}, False),
        ({"a.png": b"", "config.yaml": "a: 1"}, False),
    ],
)
def test_yolo_is_told_by_its_yaml_or_its_lines(files: Mapping[str, bytes | str], is_yolo: bool) -> None:
    with opened(files) as source:
        assert Yolo().fits(source) is is_yolo


words = st.sampled_from(
    ["0", "1", "5", "-1", "0.5", "0.25", "1e999", "nan", "x", "２", "1_0", "320", "-0.0", ""]
)
lines = st.lists(words, max_size=12).map(" ".join) | st.text(max_size=20)


@given(st.lists(lines, max_size=6).map("\n".join))
def test_every_line_becomes_an_annotation_or_a_problem(text: str) -> None:
    read_file, problems = label_file("a.txt", text, Scheme(["cat", "dog"], keypoints=(2, 3)))

    made = list(read_file.annotations(None, WIDTH, HEIGHT))  # type: ignore[arg-type]
    num_lines = sum(bool(line.split()) for line in text.split("\n"))
    rows = {problem.row for problem in problems}
    rows |= {each[1].row if isinstance(each, tuple) else each.row for each in made}
    assert len(rows) == num_lines
    assert read_file.num_annotations == len(made)


def test_what_a_sample_is_told_by_is_the_same_in_every_process() -> None:
    text = repr(LabelFile("a.txt", LINE, Scheme(["a"] * 5), 1, frozenset({"box", "keypoints", "polygon"})))

    assert text == repr(LabelFile("a.txt", LINE, Scheme(["a"] * 5), 1, frozenset({"polygon"})))
    assert text != repr(LabelFile("a.txt", LINE, Scheme(["b"] * 5), 1))
    assert len(text) < 200


labels = st.sampled_from(["cat", "Hund ☃", "no", "1", "~", " x ", "a: b", "'\"#\n"])
boxes = st.builds(
    BoxAnnotation, label=labels, x=some.inside, y=some.inside, width=some.inside, height=some.inside
)
ignored = boxes.map(lambda each: each.model_copy(update={"is_ignored": True}))
rotated = st.builds(
    RotatedBoxAnnotation,
    label=labels,
    cx=st.floats(20, 30),
    cy=st.floats(20, 25),
    width=some.inside,
    height=some.inside,
    angle=st.floats(-3, 3),
)
triangles = st.tuples(some.inside, some.inside, st.floats(2, 20), st.floats(2, 20)).map(
    lambda at: ((at[0], at[1]), (at[0] + at[2], at[1]), (at[0], at[1] + at[3]))
)
apart = st.lists(
    st.sampled_from([((x, y), (x + 3, y), (x, y + 3)) for x in (1, 9, 20) for y in (2, 11)]),
    min_size=1,
    max_size=3,
    unique=True,
)
polygons = st.builds(
    PolygonAnnotation, label=labels, parts=triangles.map(lambda part: (part,)) | apart.map(tuple)
)
masks = st.builds(
    lambda label, seed: mask_of(np.random.default_rng(seed).random((HEIGHT, WIDTH)) > 0.9, label),
    labels,
    st.integers(0, 9),
)
keypoints = st.builds(
    KeypointsAnnotation,
    label=labels,
    points=st.lists(
        st.tuples(some.inside, some.inside, st.sampled_from([0, 1, 2])), min_size=1, max_size=3
    ).map(tuple),
)
others = st.builds(LabelAnnotation, label=labels) | st.builds(CaptionAnnotation, text=some.texts)
kinds = [
    boxes,
    boxes | rotated,
    boxes | polygons,
    boxes | keypoints,
    boxes | rotated | polygons | masks | keypoints | others | ignored,
]
names = st.sampled_from(
    ["a.png", "x/a.png", "images/b.jpg", "train/c", "Ü ber/ü.png", "a.jpg", "x/images/a.png"]
)


def samples(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Sample]]:
    one = st.builds(
        Sample,
        name=names,
        annotations=st.lists(kind, max_size=4, unique=True).map(tuple),
        subset=st.sampled_from([None, "train", "val", "hold-out", "path"]),
        fields=some.fields,
    )
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda sample: sample.name)


def shape_of(annotation: Annotation) -> Any:
    """What of it can be compared after its way through parts of the image."""
    match annotation:
        case BoxAnnotation():
            return [(annotation.x, annotation.y), (annotation.width, annotation.height)]
        case RotatedBoxAnnotation():
            return list(corners_of(annotation))
        case PolygonAnnotation():
            return [point for part in annotation.parts for point in part]
        case KeypointsAnnotation():
            return [(x, y) for x, y, _ in annotation.points] + [(v, v) for _, _, v in annotation.points]
    return None


def is_same(one: Annotation, other: Annotation) -> bool:
    if one.type != other.type or getattr(one, "label", None) != getattr(other, "label", None):
        return False
    first, second = shape_of(one), shape_of(other)
    return first is not None and len(first) == len(second) and np.allclose(first, second, rtol=0, atol=1e-6)


@given(st.sampled_from(kinds).flatmap(samples))
def test_there_and_back_again_all_is_equal_or_the_loss_is_told(given: list[Sample]) -> None:
    trip = round_trip(Yolo(), content(given))

    assert {problem.outcome for problem in trip.problems} <= {"repaired", "warning"}
    assert len(trip.samples) == len(given)
    for sample in given:
        losses = {loss.code: loss.message for loss in trip.losses if loss.path == sample.name}
        name = (
            losses["renamed"].removeprefix("its name is ").removesuffix(" in the export")
            if "renamed" in losses
            else sample.name
        )
        arrived = trip.samples[name]
        assert arrived.subset == sample.subset or losses.keys() & {"subset_renamed", "subset_lost"}
        assert bool(sample.fields) == ("fields_lost" in losses)
        if not losses.keys() - {"renamed", "fields_lost", "subset_renamed", "subset_lost"}:
            assert len(arrived.annotations) == len(sample.annotations)
        for annotation in sample.annotations:
            is_there = any(is_same(annotation, each) for each in arrived.annotations)
            assert is_there or losses.keys() & LOSSES[annotation.type], (
                annotation,
                arrived.annotations,
                losses,
            )


LOSSES = {
    "box": {"annotation_lost", "box_as_polygon", "box_as_rotated_box"},
    "rotated_box": {"annotation_lost", "rotated_box_as_polygon"},
    "polygon": {"annotation_lost", "parts_joined"},
    "mask": {"mask_as_polygon", "annotation_lost"},
    "keypoints": {"annotation_lost", "keypoints_padded"},
    "label": {"annotation_lost"},
    "caption": {"annotation_lost"},
}


def test_parts_that_were_joined_come_apart_again() -> None:
    parts = (
        ((5, 5), (15, 5), (15, 15), (5, 15)),
        ((20, 20), (30, 20), (30, 30)),
        ((40, 5), (50, 5), (50, 15)),
    )
    whole = PolygonAnnotation(label="a", parts=parts)

    trip = round_trip(Yolo(), content([Sample("a.png", (whole,))]))

    (arrived,) = only(trip)
    assert isinstance(arrived, PolygonAnnotation)
    assert len(arrived.parts) == 3
    wanted = shapely.MultiPolygon([shapely.Polygon(part) for part in parts])
    assert (
        shapely.MultiPolygon([shapely.Polygon(part) for part in arrived.parts])
        .symmetric_difference(wanted)
        .area
        < 1e-6
    )


def test_a_mask_comes_back_as_the_outline_of_its_pixels() -> None:
    pixels = np.zeros((HEIGHT, WIDTH))
    pixels[5:20, 5:20] = pixels[20:30, 20:40] = pixels[40:45, 50:60] = 1
    mask = mask_of(pixels, "a")

    trip = round_trip(Yolo(), content([Sample("a.png", (mask,))]))

    (arrived,) = only(trip)
    assert isinstance(arrived, PolygonAnnotation)
    again = mask.model_copy(update={"rle": mask_of_parts(arrived.parts, WIDTH, HEIGHT)})
    assert (array_of(again) == pixels).all()
    assert outline(mask).area == pixels.sum()
    assert {loss.code for loss in trip.losses} == {"mask_as_polygon", "parts_joined"}


def test_the_yaml_of_an_export_is_as_others_read_it(tmp_path: Path) -> None:
    given = [Sample("a.png", (box(1, 2, 3, 4, "no"),), subset="train"), Sample("b.png", (), subset="val")]
    with ZipSink(tmp_path / "a.zip") as sink:
        assert list(Yolo().write(content(given, classes=["yes", "no"]), sink)) == []
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        described = yaml.safe_load(file.read("data.yaml"))
        assert described["names"] == ["yes", "no"]
        assert (described["train"], described["val"], described["nc"]) == ("images/train", "images/val", 2)
        assert file.read("labels/train/a.txt").startswith(b"1 ")
        assert file.read("labels/val/b.txt") == b""
