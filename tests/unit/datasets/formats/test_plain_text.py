"""Plain text: one text per file, line or paragraph; classes and subsets by folder; there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import CaptionAnnotation, LabelAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats.lines import EncodingIsWrong
from services.datasets.formats.plain_text import PlainText, parts
from services.datasets.formats.tables.reading import NoTable
from tests.unit.datasets.formats import annotation_strategies as some
from tests.unit.datasets.formats.trips import Sample, Trip, content, opened, read, round_trip


def label(name: str) -> tuple[LabelAnnotation]:
    return (LabelAnnotation(label=name),)


def refused(trip: Trip) -> list[tuple[str, str, int | None]]:
    return [(each.path, each.code, each.row) for each in trip.problems if each.outcome == "rejected"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["1.txt", "2.txt"], [("1.txt", None, None), ("2.txt", None, None)]),
        (["d/1.txt", "d/2.txt"], [("1.txt", None, None), ("2.txt", None, None)]),
        (["d/pos/1.txt", "d/neg/1.txt"], [("pos/1.txt", None, "pos"), ("neg/1.txt", None, "neg")]),
        (
            ["train/pos/1.txt", "test/neg/2.txt"],
            [("pos/1.txt", "train", "pos"), ("neg/2.txt", "test", "neg")],
        ),
        (
            ["train/pos/1.txt", "test/pos/1.txt"],
            [("train/pos/1.txt", "train", "pos"), ("test/pos/1.txt", "test", "pos")],
        ),
        (["train/1.txt", "valid/2.txt"], [("1.txt", "train", None), ("2.txt", "val", None)]),
        (["pos/1.txt", "2.txt"], [("pos/1.txt", None, "pos"), ("2.txt", None, None)]),
    ],
)
def test_folders_are_subsets_and_classes(
    paths: list[str], expected: list[tuple[str, str | None, str | None]]
) -> None:
    trip = read(PlainText(), {path: f"text of {path}" for path in paths})

    found = [(each.name, each.subset, each.annotations) for each in trip.plan.samples]
    assert found == [(name, subset, label(it) if it else ()) for name, subset, it in expected]
    assert [sample.data.decode() for sample in trip.samples.values()] == [f"text of {path}" for path in paths]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one\ntwo\r\nthree", {1: "one", 2: "two", 3: "three"}),
        ("one\ntwo\n\nthree\n", {1: "one\ntwo", 4: "three"}),
        ("\n\none\n\n", {3: "one"}),
        ("\ufeff  one \n", {1: "  one "}),
        ("one\rtwo", {1: "one", 2: "two"}),
    ],
)
def test_one_file_alone_holds_a_text_per_line_or_paragraph(text: str, parts: dict[int, str]) -> None:
    trip = read(PlainText(), {"corpus.txt": text})

    assert {name: sample.data.decode() for name, sample in trip.samples.items()} == {
        f"corpus/{row:08d}": part for row, part in parts.items()
    }
    assert [(each.code, each.outcome) for each in trip.problems] == [("texts_guessed", "warning")]


def test_files_named_like_subsets_hold_many_texts() -> None:
    trip = read(PlainText(), {"wiki/train.txt": "a b\nc d\n", "wiki/valid.txt": "e f\n\ng h\n"})

    assert [(found.name, found.subset) for found in trip.plan.samples] == [
        ("train/00000001", "train"),
        ("train/00000002", "train"),
        ("valid/00000001", "val"),
        ("valid/00000003", "val"),
    ]


def test_a_text_that_is_too_long_is_told_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.datasets.formats.lines.LONGEST_LINE", 10)
    monkeypatch.setattr(parts, "LONGEST_LINE", 10)

    trip = read(PlainText(), {"a.txt": "short\n" + "x" * 35 + "\nagain\n"})

    assert [sample.data for sample in trip.samples.values()] == [b"short", b"again"]
    assert refused(trip) == [("a.txt", "text_too_long", 2)]


def test_another_encoding_is_told_or_used() -> None:
    with pytest.raises(EncodingIsWrong, match="from byte 5 on"):
        read(PlainText(), {"a.txt": b"good\xe4\n".replace(b"d\xe4", b"d\n\xe4")})

    named = FormatOptions(encoding="latin-1")
    assert [one.data for one in read(PlainText(), {"a.txt": b"\xe4\n"}, named).samples.values()] == [
        "ä".encode()
    ]
    files = {"a.txt": b"\xe4", "b.txt": b"\xfc"}
    assert [one.data for one in read(PlainText(), files, named).samples.values()] == [
        "ä".encode(),
        "ü".encode(),
    ]


def test_lines_with_a_nul_are_refused_alone() -> None:
    trip = read(PlainText(), {"a.txt": "a\nb\0\nc\n"})

    assert refused(trip) == [("a.txt", "nul_character", 2)]
    assert len(trip.samples) == 2


def test_other_files_and_long_classes_are_told() -> None:
    long = "x" * 301
    trip = read(PlainText(), {"a/1.txt": "1", f"{long}/2.txt": "2", "notes.md": "", "a/.DS_Store": ""})

    assert refused(trip) == [
        ("a/.DS_Store", "system_file", None),
        ("notes.md", "not_a_text", None),
        (f"{long}/2.txt", "class_name_invalid", None),
    ]
    assert [found.annotations for found in trip.plan.samples] == [label("a"), ()]
    assert trip.plan.num_annotations == 2


def test_texts_beside_images_are_not_meant() -> None:
    for source, fits in (
        ({"a.txt": "x"}, True),
        ({"a.txt": "x", "a.jpg": b""}, False),
        ({"a.md": ""}, False),
    ):
        with opened(source) as files:
            assert PlainText().fits(files) is fits
    with pytest.raises(NoTable):
        read(PlainText(), {"a.md": ""})


def text(name: str, *annotations: LabelAnnotation | CaptionAnnotation, subset: str | None = None) -> Sample:
    return Sample(name, annotations, subset, media_type="text/plain", data=f"text of\n{name}".encode())


@pytest.mark.parametrize(
    "sent",
    [
        [text("1.txt"), text("2.txt")],
        [text("pos/1.txt", *label("pos")), text("neg/1.txt", *label("neg"))],
        [text("pos/1.txt", *label("pos")), text("2.txt")],
        [
            text("pos/1.txt", *label("pos"), subset="train"),
            text("neg/1.txt", *label("neg"), subset="val"),
            text("3.txt", subset="test"),
        ],
    ],
)
def test_plain_samples_lose_nothing(sent: list[Sample]) -> None:
    trip = round_trip(PlainText(), content(sent, modality="text"))

    assert trip.losses == []
    found = {each.name: each for each in trip.plan.samples}
    for sample in sent:
        assert found[sample.name].annotations == sample.annotations
        assert found[sample.name].subset == sample.subset
        assert trip.samples[sample.name].data == sample.read()


def test_what_it_cannot_carry_is_told() -> None:
    sent = [
        text("a.txt", CaptionAnnotation(text="x")),
        text("b.txt", *label("x"), *label("y")),
        text("c/d", subset="train"),
        Sample("e.txt", label("e"), fields={"source": 1}, media_type="text/plain", data=b"e"),
    ]

    trip = round_trip(PlainText(), content(sent, modality="text"))

    assert [(loss.path, loss.code) for loss in trip.losses] == [
        ("a.txt", "annotation_lost"),
        ("b.txt", "annotations_changed"),
        ("b.txt", "renamed"),
        ("c/d", "subset_lost"),
        ("c/d", "renamed"),
        ("e.txt", "fields_lost"),
        ("e.txt", "renamed"),
    ]


names = st.from_regex(r"[a-z]{1,3}(/[a-z0-9]{1,3}){0,2}(\.txt)?", fullmatch=True)
samples = st.lists(
    st.builds(
        Sample,
        name=names,
        annotations=st.lists(some.labels | some.every, max_size=2).map(tuple),
        subset=st.none() | st.sampled_from(["train", "val", "test", "extra"]),
        fields=some.fields,
        media_type=st.just("text/plain"),
        data=some.texts.map(str.encode),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda sample: sample.name,
)


@given(samples)
def test_what_does_not_come_back_as_it_was_is_told(sent: list[Sample]) -> None:
    trip = round_trip(PlainText(), content(sent, modality="text"))

    told = {loss.path for loss in trip.losses}
    found = {each.name: each for each in trip.plan.samples}
    for sample in sent:
        if sample.name not in told:
            assert found[sample.name].annotations == sample.annotations
            assert found[sample.name].subset == sample.subset
            assert not sample.fields
            assert trip.samples[sample.name].data == sample.read()
