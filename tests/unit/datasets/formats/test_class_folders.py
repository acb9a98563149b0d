"""Class folders: which folder is the class, which is a subset, what counts as data; there and back again."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from libs.common.contracts.annotations import Annotation, BoxAnnotation, LabelAnnotation, LabelsAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.errors import FormatIsUnknown
from services.datasets.files import leads_out
from services.datasets.formats.class_folders import ClassFolders
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import Plan
from services.datasets.formats.registry import check_name
from tests.unit.datasets.formats.trips import Sample, content, opened, round_trip


def plan_of(paths: Iterable[str]) -> Plan:
    """Of empty files; paths that end with a slash are folders."""
    with opened(dict.fromkeys(paths, b"")) as files:
        return ClassFolders().read(files, FormatOptions())


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/1", "b/2"], ["a/1", "b/2"]),
        (["data/a/1", "data/b/2"], ["a/1", "b/2"]),
        (["x/y/a/1", "x/y/b/2"], ["a/1", "b/2"]),
        (["a/1", "a/2"], ["a/1", "a/2"]),
        (["data/a/1"], ["a/1"]),
        (["data/a/deep/1", "data/b/2"], ["a/deep/1", "b/2"]),
        (["README.md", "data/a/1", "data/b/2", "data/LICENSE"], ["a/1", "b/2"]),
        (["data/", "data/a/", "data/a/1", "data/b/", "data/b/2"], ["a/1", "b/2"]),
        (["__MACOSX/data/a/._1", "data/a/1", "data/b/2"], ["a/1", "b/2"]),
        (["x/a/1", "y/a/2"], ["x/a/1", "y/a/2"]),
        (["train/1", "val/2"], ["train/1", "val/2"]),
        (["a/1.PNG", "b/2.v1", "b/scan.0001"], ["a/1.PNG", "b/scan.0001"]),
    ],
)
def test_the_topmost_folder_with_choices_below_holds_the_classes(paths: list[str], names: list[str]) -> None:
    plan = plan_of(paths)

    assert [found.name for found in plan.samples] == names
    assert plan.must_have == {name.partition("/")[0] for name in names}
    assert [found.annotations for found in plan.samples] == [
        (LabelAnnotation(label=name.partition("/")[0]),) for name in names
    ]
    num_files = sum(not path.endswith("/") for path in paths)
    assert len(plan.samples) + len(plan.problems) == num_files


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (
            ["train/a/1", "valid/a/2", "test/b/3"],
            [("train", "a", "a/1"), ("val", "a", "a/2"), ("test", "b", "b/3")],
        ),
        (["data/Training/a/1", "data/VAL/b/2"], [("train", "a", "a/1"), ("val", "b", "b/2")]),
        (["train/a/1"], [("train", "a", "a/1")]),
        (["train/a/1", "test/a/1"], [("train", "a", "train/a/1"), ("test", "a", "test/a/1")]),
        (["train/a/deep/1", "README.md"], [("train", "a", "a/deep/1")]),
        (["train/a/1", "extra/a/1"], [(None, "train", "train/a/1"), (None, "extra", "extra/a/1")]),
    ],
)
def test_folders_of_subsets_lie_above_the_classes(
    paths: list[str], found: list[tuple[str | None, str, str]]
) -> None:
    plan = plan_of(paths)

    samples = [(each.subset, each.annotations[0].label, each.name) for each in plan.samples]  # type: ignore[union-attr]
    assert samples == found
    assert plan.must_have == {label for _, label, _ in found}
    assert len(plan.samples) + len(plan.problems) == len(paths)


@pytest.mark.parametrize(
    ("paths", "classes"),
    [
        (["data/a/1", "data/empty/", "__MACOSX/data/"], {"a", "empty"}),
        (["a/1", "b/notes.txt"], {"a", "b"}),
        (["a/1", "b/Thumbs.db"], {"a", "b"}),
        (["train/a/1", "train/b/", "val/a/2"], {"a", "b"}),
        (["train/a/1", "val/a/"], {"a"}),
    ],
)
def test_an_empty_folder_is_a_class_that_must_not_stay_empty(paths: list[str], classes: set[str]) -> None:
    plan = plan_of(paths)

    assert plan.must_have == classes
    assert plan.classes == tuple(sorted(classes))


def test_what_is_no_image_is_told_with_its_reason() -> None:
    plan = plan_of(
        ["a/1.jpg", "a/notes.txt", "a/README.md", "a/Thumbs.db", "loose.png", f"{'c' * 301}/1.png",
         "a//2.png", "a/ /3.png", f"a/{'n' * 400}.png", "a/x.heic", "__MACOSX/a/._1.jpg"]
    )  # fmt: skip

    assert [found.name for found in plan.samples] == ["a/1.jpg", "a//2.png", "a/ /3.png"]
    assert Counter(problem.code for problem in plan.problems) == {
        "system_file": 2,
        "not_an_image": 3,
        "no_class_folder": 1,
        "class_name_invalid": 1,
        "name_too_long": 1,
    }
    heic = next(problem for problem in plan.problems if problem.path == "a/x.heic")
    assert "'.heic'" in heic.message and ".jpg" in heic.message


def test_a_folder_without_a_name_is_no_class() -> None:
    plan = plan_of(["a//1", "a/b/2", "a/ /3"])

    assert [found.name for found in plan.samples] == ["b/2"]
    assert [problem.code for problem in plan.problems] == ["class_name_invalid"] * 2
    assert plan.must_have == {"b"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_the_first_is_taken() -> None:
    plan = plan_of(["train/a/1", "val/b/2"])
    assert len(plan.samples) == 2

    with opened({"a/1.png": b"1", "a/2.png": b"2"}) as files:
        twice = [files.entries()[0], files.entries()[0], files.entries()[1]]
        files.entries = lambda: twice  # type: ignore[method-assign]
        plan = ClassFolders().read(files, FormatOptions())

    assert [found.name for found in plan.samples] == ["a/1.png", "a/2.png"]
    assert [problem.code for problem in plan.problems] == ["name_repeated"]


@pytest.mark.parametrize(
    ("paths", "do"),
    [
        (["cats/1.jpg"], True),
        (["train/cats/1.jpg", "val/cats/1.jpg"], True),
        (["images/cats/1.jpg", "images/dogs/2.jpg"], True),
        (["1.jpg", "2.jpg"], False),
        (["images/1.jpg"], False),
        (["train/1.jpg", "val/2.jpg"], False),
        (["train/images/1.jpg", "val/images/2.jpg"], False),
        (["cats/1.txt", "dogs/2.txt"], False),
        (["__MACOSX/cats/._1.jpg"], False),
    ],
)
def test_images_in_folders_that_could_be_classes_look_like_class_folders(paths: list[str], do: bool) -> None:
    with opened(dict.fromkeys(paths, b"")) as files:
        assert ClassFolders().fits(files) is do


def test_a_format_that_nobody_knows_is_refused() -> None:
    with pytest.raises(FormatIsUnknown, match="class_folders"):
        check_name("tfrecord")


@pytest.mark.parametrize(
    ("path", "does"),
    [
        ("a/b.png", False),
        ("a/..b/c..png", False),
        ("a/b:c.png", False),
        ("../a", True),
        ("a/../../b", True),
        ("a\\..\\b", True),
        ("/a", True),
        ("\\\\host\\a", True),
        ("C:\\a", True),
        ("a\0.png", True),
    ],
)
def test_paths_that_lead_out_of_an_archive_are_known(path: str, does: bool) -> None:
    assert leads_out(path) is does


parts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:."), min_size=1)
classes = parts.filter(lambda part: part.strip() and not is_of_system(part))
labels = classes | st.sampled_from(["train", "a", "A"])
names = st.lists(parts, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".png")
subsets = st.lists(st.sampled_from(["train", "val", "test"]), min_size=1, max_size=3)


@example([("__MACOSX/0.png", "a")], [None])
@given(
    st.lists(st.tuples(names, labels), min_size=1, max_size=6, unique_by=lambda each: each[0].casefold()),
    subsets | st.just([None]),
)
def test_classes_and_subsets_are_the_same_after_export_and_import(
    samples: list[tuple[str, str]], subsets: list[str | None]
) -> None:
    left = [
        Sample(name, (LabelAnnotation(label=label),), subsets[place % len(subsets)], width=48 + place)
        for place, (name, label) in enumerate(samples)
    ]
    # Of words that mean subsets or collections of images alone, nobody could tell that they are classes.
    left.append(Sample("b/0.png", (LabelAnnotation(label="b"),), subsets[0], width=40))

    trip = round_trip(ClassFolders(), content(left))

    arrived = {each.data: (each.annotations, each.subset) for each in trip.samples.values()}
    assert arrived == {each.read(): (each.annotations, each.subset) for each in left}
    renamed = sum(loss.code == "renamed" for loss in trip.losses)
    assert len(trip.losses) == renamed == len({each.name for each in left} - trip.samples.keys())
    assert not trip.problems


def test_names_that_begin_with_their_class_are_kept() -> None:
    left = [
        Sample("a/x/1.png", (LabelAnnotation(label="a"),), "train", width=64),
        Sample("b/1.png", (LabelAnnotation(label="b"),), "test", width=65),
    ]

    trip = round_trip(ClassFolders(), content(left))

    assert not trip.losses
    assert set(trip.samples) == {"a/x/1.png", "b/1.png"}


@pytest.mark.parametrize("label", ["a/b", "a\\b", "..", ".", "C:x", " ", "Thumbs.db", "__MACOSX", "x" * 300])
def test_a_class_that_is_no_folder_gets_one(label: str) -> None:
    left = [
        Sample("1.png", (LabelAnnotation(label=label),)),
        Sample("2.png", (LabelAnnotation(label="a_b"),), width=65),
    ]

    trip = round_trip(ClassFolders(), content(left))

    assert len(trip.samples) == 2
    changed = [loss for loss in trip.losses if loss.code == "label_changed"]
    (one,) = (each for each in trip.samples.values() if each.width == 64)
    (written,) = one.annotations
    assert (written == LabelAnnotation(label=label)) == (label == "x" * 300) == (not changed)
    assert written != LabelAnnotation(label="a_b")


def test_what_class_folders_cannot_carry_is_told() -> None:
    box = BoxAnnotation(label="a", x=0, y=0, width=1, height=1)
    kinds: dict[str, tuple[Annotation, ...]] = {
        "box.png": (LabelAnnotation(label="a"), box),
        "none.png": (),
        "several.png": (LabelsAnnotation(labels=("a", "b")),),
        "single.png": (LabelsAnnotation(labels=("c",)),),
        "field.png": (LabelAnnotation(label="a"),),
        "subset.png": (LabelAnnotation(label="a"),),
    }
    left = [
        Sample(
            name,
            known,
            "fold-1" if name == "subset.png" else None,
            {"camera": 1} if name == "field.png" else {},
            width=48 + place,
        )
        for place, (name, known) in enumerate(kinds.items())
    ]

    trip = round_trip(ClassFolders(), content(left))

    losses = {(loss.path, loss.code, loss.outcome) for loss in trip.losses if loss.code != "renamed"}
    assert losses == {
        ("box.png", "annotation_lost", "rejected"),
        ("none.png", "no_single_class", "rejected"),
        ("several.png", "no_single_class", "rejected"),
        ("single.png", "labels_as_label", "repaired"),
        ("field.png", "fields_lost", "repaired"),
        ("subset.png", "subset_lost", "repaired"),
        ("b", "class_empty", "warning"),
    }
    assert len(trip.samples) == 4
