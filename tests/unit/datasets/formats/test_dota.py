"""DOTA: four corners become a rotated box and corners again; labels from strangers; there and back again."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import BoxAnnotation, RotatedBoxAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats.corners import corners_of, turned_box
from services.datasets.formats.dota import Dota
from tests.unit.datasets.formats.trips import Sample, content, opened, picture, read, round_trip

IMAGE = picture()
SQUARE = "10 10 20 10 20 20 10 20"

sizes = st.floats(0.01, 500)
boxes = st.builds(
    RotatedBoxAnnotation,
    label=st.just("ship"),
    cx=st.floats(-100, 4000),
    cy=st.floats(-100, 4000),
    width=sizes,
    height=sizes,
    angle=st.floats(-10, 10),
)


def labelled(*lines: str) -> dict[str, bytes | str]:
    return {"images/1.png": IMAGE, "labelTxt/1.txt": "\n".join(lines)}


def turn(angle: float, other: float) -> float:
    """How far apart two angles are."""
    return abs(math.remainder(angle - other, math.tau))


@given(boxes)
def test_a_box_of_any_angle_is_the_same_after_it_was_corners(box: RotatedBoxAnnotation) -> None:
    back = turned_box(corners_of(box))

    assert math.dist((back.cx, back.cy), (box.cx, box.cy)) < 1e-6
    assert (back.width, back.height) == (
        pytest.approx(box.width, abs=1e-6),
        pytest.approx(box.height, abs=1e-6),
    )
    assert turn(back.angle, box.angle) * max(box.width, box.height) < 1e-5
    assert back.deviation < 1e-5


@given(boxes, st.integers(0, 3), st.booleans())
def test_corners_in_any_order_around_are_the_same_box(
    box: RotatedBoxAnnotation, first: int, is_reversed: bool
) -> None:
    corners = corners_of(box)
    given_ = (corners[first:] + corners[:first])[:: -1 if is_reversed else 1]

    back = turned_box(given_)

    for corner in corners:
        assert min(math.dist(corner, other) for other in corners_of(back)) < 1e-5
    assert min(math.dist(given_[0], other) for other in corners_of(back)) < 1e-5


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=4, max_size=4))
def test_four_points_become_a_rectangle_around_them_or_are_refused(points: list[tuple[int, int]]) -> None:
    trip = read(Dota(), labelled(" ".join(f"{x} {y}" for x, y in points) + " ship 0"))

    if not trip.plan.samples[0].annotations:
        assert [problem.code for problem in trip.problems] == ["box_empty"]
        return
    (box,) = trip.plan.samples[0].annotations
    assert isinstance(box, RotatedBoxAnnotation)
    for x, y in points:
        along = (x - box.cx) * math.cos(box.angle) + (y - box.cy) * math.sin(box.angle)
        across = -(x - box.cx) * math.sin(box.angle) + (y - box.cy) * math.cos(box.angle)
        assert abs(along) <= box.width / 2 + 1e-6 and abs(across) <= box.height / 2 + 1e-6


def test_angles_go_clockwise_on_the_screen_from_the_first_side() -> None:
    trip = read(Dota(), labelled("20 10 20 30 15 30 15 10 ship 0", f"{SQUARE} ship 1"))

    down, flat = trip.plan.samples[0].annotations
    assert isinstance(down, RotatedBoxAnnotation) and isinstance(flat, RotatedBoxAnnotation)
    assert (down.cx, down.cy, down.width, down.height, down.is_ignored) == (17.5, 20, 20, 5, False)
    assert down.angle == pytest.approx(math.pi / 2)
    assert (flat.cx, flat.cy, flat.width, flat.height, flat.angle, flat.is_ignored) == (
        15,
        15,
        10,
        10,
        0,
        True,
    )


def test_what_is_no_rectangle_is_told_when_it_is_more_than_a_pixel_off() -> None:
    trip = read(Dota(), labelled("10 10 40 10 40 30 15 30 ship 0", "10 10 40 10 40 30 10.4 30 boat 0"))

    assert len(trip.plan.samples[0].annotations) == 2
    (problem,) = trip.problems
    assert (problem.code, problem.outcome, problem.row) == ("box_not_rectangular", "repaired", 1)


def test_the_header_is_kept_as_fields() -> None:
    lines = ("imagesource:GoogleEarth", "gsd:0.146", f"{SQUARE} small-vehicle 0", f"{SQUARE} large vehicle 2")

    trip = read(Dota(), labelled(*lines))

    assert trip.samples["1.png"].fields == {"imagesource": "GoogleEarth", "gsd": 0.146}
    assert trip.plan.classes == ("large vehicle", "small-vehicle")
    assert [place.row for place in trip.plan.samples[0].places] == [3, 4]
    assert not read(Dota(), labelled("imagesource:null", "gsd:None")).samples["1.png"].fields


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["train/images/1.png", "train/labelTxt/1.txt"], {"1.png": "train"}),
        (["train/images/1.png", "train/labelTxt-v1.0/labelTxt/1.txt"], {"1.png": "train"}),
        (["dota/images/train/1.png", "dota/labels/train/1.txt"], {"1.png": "train"}),
        (["a/1.png", "a/1.txt"], {"1.png": None}),
        (
            ["train/images/1.png", "train/labelTxt/1.txt", "val/images/1.png", "val/labelTxt/1.txt"],
            {"train/1.png": "train", "val/1.png": "val"},
        ),
    ],
)
def test_labels_find_their_images_and_folders_say_subsets(
    paths: list[str], found: dict[str, str | None]
) -> None:
    sizes = iter(range(60, 70))
    trip = read(
        Dota(),
        {path: f"{SQUARE} ship 0" if path.endswith("txt") else picture(next(sizes)) for path in paths},
    )

    assert {name: sample.subset for name, sample in trip.samples.items()} == found
    assert all(len(sample.annotations) == 1 for sample in trip.samples.values())
    assert not trip.problems


def test_test_images_have_no_labels_and_need_none() -> None:
    files: dict[str, bytes | str] = {
        "train/images/1.png": IMAGE,
        "train/images/2.png": picture(65),
        "train/labelTxt/1.txt": f"{SQUARE} ship 0",
        "test/images/3.png": picture(66),
    }

    trip = read(Dota(), files)

    assert len(trip.samples) == 3
    (problem,) = trip.problems
    assert (problem.code, problem.outcome, problem.path) == (
        "annotation_missing",
        "warning",
        "train/images/2.png",
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("10 10 20 10 20 20 ship 0", "line_malformed"),
        (SQUARE, "line_malformed"),
        ("ship 10 10 20 10 20 20 10 20 0", "box_invalid"),
        ("NaN 10 20 10 20 20 10 20 ship 0", "box_invalid"),
        ("inf 10 20 10 20 20 10 20 ship 0", "box_invalid"),
        ("1e999 10 20 10 20 20 10 20 ship 0", "box_invalid"),
        ("1e12 10 20 10 20 20 10 20 ship 0", "box_invalid"),
        ("10 10 10 10 10 10 10 10 ship 0", "box_empty"),
        ("10 10 20 20 30 30 40 40 ship 0", "box_empty"),
        (f"{SQUARE} {'x' * 301} 0", "label_invalid"),
        (f"{SQUARE} a\0b 0", "label_invalid"),
    ],
)
def test_a_line_that_cannot_be_used_is_left_out_alone(line: str, code: str) -> None:
    trip = read(Dota(), labelled(f"{SQUARE} ship 0", line))

    assert len(trip.plan.samples[0].annotations) == 1
    (problem,) = trip.problems
    assert (problem.code, problem.outcome, problem.level) == (code, "rejected", "annotation")
    assert (problem.path, problem.row, bool(problem.message)) == ("labelTxt/1.txt", 2, True)
    assert trip.plan.num_annotations == 2


def test_what_has_no_partner_is_told() -> None:
    files = {
        **labelled(f"{SQUARE} ship 0"),
        "labelTxt/gone.txt": f"{SQUARE} ship 0\n{SQUARE} ship 0",
        "labelTxt/labelTxt/1.txt": f"{SQUARE} ship 0",
        "labelTxt/broken.txt": b"\xff\xfe\xfd",
        "images/broken.png": picture(65),
        "README.md": "",
        "Thumbs.db": b"",
    }

    trip = read(Dota(), files)

    assert list(trip.samples) == ["1.png"]
    assert Counter((problem.code, problem.level) for problem in trip.problems) == {
        ("system_file", "sample"): 1,
        ("not_an_image", "sample"): 1,
        ("image_missing", "sample"): 1,
        ("image_missing", "annotation"): 2,
        ("annotation_repeated", "sample"): 1,
        ("annotation_repeated", "annotation"): 1,
        ("encoding_wrong", "sample"): 1,
    }


def test_labels_may_be_in_another_encoding() -> None:
    files = {"images/1.png": IMAGE, "labelTxt/1.txt": f"{SQUARE} 船 0".encode("gbk")}

    assert read(Dota(), files, FormatOptions(encoding="gbk")).plan.classes == ("船",)


@pytest.mark.parametrize(
    ("files", "do"),
    [
        (labelled("anything"), True),
        ({"images/1.png": IMAGE, "labels/1.txt": f"{SQUARE} ship 0"}, True),
        ({"images/1.png": IMAGE, "labels/1.txt": "0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2"}, False),
        ({"images/1.png": IMAGE, "labels/1.txt": "0 0.5 0.5 0.1 0.1"}, False),
        ({"images/1.png": IMAGE, "labels/1.txt": b"\xff\xfe"}, False),
        ({"labelTxt/1.txt": f"{SQUARE} ship 0"}, False),
        ({"a/1.png": IMAGE, "a/1.txt": "a caption of at least nine words, as people write them"}, False),
    ],
)
def test_dota_is_recognised_by_its_folder_or_its_lines(files: dict[str, bytes | str], do: bool) -> None:
    with opened(files) as source:
        assert Dota().fits(source) is do


characters = st.characters(exclude_categories=["Cs", "Cc"])
labels = st.text(characters, min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
inside = st.builds(
    RotatedBoxAnnotation,
    label=labels,
    cx=st.floats(20, 28),
    cy=st.floats(20, 28),
    width=st.floats(0.01, 20),
    height=st.floats(0.01, 20),
    angle=st.floats(-4, 4),
    is_ignored=st.booleans(),
)
stems = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:."), min_size=1)
names = st.lists(stems, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".png")
fields = st.fixed_dictionaries({}, optional={"imagesource": labels, "gsd": st.floats(0.001, 100)})


@given(
    st.lists(
        st.tuples(names, st.lists(inside, max_size=3, unique=True), fields),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each[0].casefold(),
    ),
    st.lists(st.sampled_from(["train", "val", "test"]), min_size=1, max_size=3) | st.just([None]),
)
def test_boxes_fields_and_subsets_are_the_same_after_export_and_import(
    samples: list[tuple[str, list[RotatedBoxAnnotation], dict[str, str | float]]], subsets: list[str | None]
) -> None:
    left = [
        Sample(name, tuple(known), subsets[place % len(subsets)], said, width=48 + place)
        for place, (name, known, said) in enumerate(samples)
    ]

    trip = round_trip(Dota(), content(left))

    assert not trip.problems
    arrived = {each.width: each for each in trip.samples.values()}
    for each in left:
        back = arrived[each.width]
        assert (back.data, back.subset) == (each.read(), each.subset)
        for before, after in zip(each.annotations, back.annotations, strict=True):
            assert isinstance(before, RotatedBoxAnnotation) and isinstance(after, RotatedBoxAnnotation)
            assert (after.label, after.is_ignored) == (before.label, before.is_ignored)
            for corner, other in zip(corners_of(before), corners_of(after), strict=True):
                assert math.dist(corner, other) < 1e-6
    renamed = sum(loss.code == "renamed" for loss in trip.losses)
    assert renamed == len({each.name for each in left} - trip.samples.keys())
    kept = [each for each in left if not any(loss.path == each.name for loss in trip.losses)]
    for each in kept:
        assert trip.samples[each.name].fields == each.fields
    assert {loss.code for loss in trip.losses} <= {"renamed", "fields_lost"}


def test_what_dota_cannot_carry_is_told() -> None:
    box = BoxAnnotation(label="a", x=1, y=1, width=5, height=5)
    turned = RotatedBoxAnnotation(label="two  words ", cx=10, cy=10, width=5, height=5, angle=1)
    left = [
        Sample("1.png", (box, box, turned), fields={"camera": 1, "gsd": "null", "imagesource": "x"}),
        Sample("2.png", (), "holdout", width=65),
    ]

    trip = round_trip(Dota(), content(left))

    assert Counter((loss.path, loss.code, loss.outcome) for loss in trip.losses) == {
        ("1.png", "annotation_lost", "rejected"): 1,
        ("1.png", "fields_lost", "repaired"): 1,
        ("1.png", "label_changed", "repaired"): 1,
        ("2.png", "subset_lost", "repaired"): 1,
    }
    (lost,) = (loss for loss in trip.losses if loss.code == "fields_lost")
    assert "camera" in lost.message and "gsd" in lost.message and "imagesource" not in lost.message
    assert trip.samples["1.png"].fields == {"imagesource": "x"}
