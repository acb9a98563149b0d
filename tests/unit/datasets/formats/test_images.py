"""Images without annotations: which files, which names, which subsets; there and back again."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import BoxAnnotation, LabelAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats.images import Images
from tests.unit.datasets.formats.trips import Sample, content, opened, round_trip


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["1.png", "2.JPG"], [(None, "1.png"), (None, "2.JPG")]),
        (["photos/1.png", "photos/2.png"], [(None, "1.png"), (None, "2.png")]),
        (["x/photos/1.png", "x/more/1.png"], [(None, "photos/1.png"), (None, "more/1.png")]),
        (["train/1.png", "valid/2.png"], [("train", "1.png"), ("val", "2.png")]),
        (["data/train/1.png"], [("train", "1.png")]),
        (["train/1.png", "test/1.png"], [("train", "train/1.png"), ("test", "test/1.png")]),
        (["train/1.png", "1.png"], [("train", "train/1.png"), (None, "1.png")]),
        (["train/1.png", "2.png"], [("train", "1.png"), (None, "2.png")]),
        (["train/1.png", "other/2.png"], [(None, "train/1.png"), (None, "other/2.png")]),
    ],
)
def test_names_are_paths_below_the_folder_that_holds_all(
    paths: list[str], found: list[tuple[str | None, str]]
) -> None:
    with opened(dict.fromkeys(paths, b"")) as files:
        assert Images().fits(files)
        plan = Images().read(files, FormatOptions())

    assert [(each.subset, each.name) for each in plan.samples] == found
    assert not plan.problems
    assert (plan.num_annotations, plan.classes, plan.must_have) == (0, (), frozenset())


def test_what_is_no_image_is_told_with_its_reason() -> None:
    paths = ["1.png", "notes.txt", "video.mp4", "Thumbs.db", f"{'n' * 400}.png", "unnamed"]
    with opened(dict.fromkeys(paths, b"")) as files:
        plan = Images().read(files, FormatOptions())

    assert [found.name for found in plan.samples] == ["1.png", "unnamed"]
    assert Counter(problem.code for problem in plan.problems) == {
        "not_an_image": 2,
        "system_file": 1,
        "name_too_long": 1,
    }


@pytest.mark.parametrize("path", ["1.txt", "__MACOSX/._1.png", "unnamed"])
def test_without_an_image_there_are_no_images(path: str) -> None:
    with opened({path: b""}) as files:
        assert not Images().fits(files)


parts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:."), min_size=1)
names = st.lists(parts | st.sampled_from(["train", "images"]), min_size=1, max_size=3).map(
    lambda parts: "/".join(parts) + ".png"
)


@given(
    st.lists(names, min_size=1, max_size=5, unique_by=str.casefold),
    st.lists(st.sampled_from(["train", "val", "test"]), min_size=1, max_size=3) | st.just([None]),
)
def test_images_and_subsets_are_the_same_after_export_and_import(
    names: list[str], subsets: list[str | None]
) -> None:
    left = [
        Sample(name, subset=subsets[place % len(subsets)], width=48 + place)
        for place, name in enumerate(names)
    ]

    trip = round_trip(Images(), content(left))

    assert {each.data: each.subset for each in trip.samples.values()} == {
        each.read(): each.subset for each in left
    }
    assert {loss.path for loss in trip.losses if loss.code == "renamed"} >= set(names) - trip.samples.keys()
    assert {loss.code for loss in trip.losses} <= {"renamed"}
    assert not trip.problems


def test_names_are_kept_where_folders_mean_nothing_else() -> None:
    left = [Sample("a/1.png", subset="train"), Sample("b/1.png", subset="test", width=65)]

    trip = round_trip(Images(), content(left))

    assert not trip.losses
    assert {name: each.subset for name, each in trip.samples.items()} == {
        "a/1.png": "train",
        "b/1.png": "test",
    }


def test_every_annotation_is_told_as_lost() -> None:
    box = BoxAnnotation(label="a", x=0, y=0, width=1, height=1)
    left = [
        Sample("1.png", (box, box, LabelAnnotation(label="a")), "train", {"camera": 1}),
        Sample("2.png", width=65),
    ]

    trip = round_trip(Images(), content(left))

    assert Counter((loss.path, loss.code) for loss in trip.losses) == {
        ("1.png", "annotation_lost"): 2,
        ("1.png", "fields_lost"): 1,
        ("1.png", "subset_lost"): 1,
    }
