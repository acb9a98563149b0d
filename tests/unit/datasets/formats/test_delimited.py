"""CSV: what its columns are, what is wrong in it, and that what it carries comes back."""

import csv
import io
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
)
from libs.common.contracts.imports import FormatOptions, Modality
from services.datasets.formats.json_values import write_json
from services.datasets.formats.lines import EncodingIsUnknown, EncodingIsWrong
from services.datasets.formats.plan import Found
from services.datasets.formats.tables.arrow_batches import TableIsDamaged
from services.datasets.formats.tables.delimited import Delimited
from services.datasets.formats.tables.delimited_table import LONGEST_CELL, escaped, sniff, unescaped
from services.datasets.formats.tables.reading import ColumnIsMissing, NoTable
from tests.unit.datasets.formats import annotation_strategies as some
from tests.unit.datasets.formats.trips import Sample, Trip, content, opened, picture, read, round_trip


def imported(table: str | bytes, *paths: str, **options: object) -> Trip:
    """With an image at each path, no two alike."""
    files = {path: picture(8 + number, 8) for number, path in enumerate(paths)}
    return read(Delimited(), {"t.csv": table, **files}, FormatOptions.model_validate(options))


def known(trip: Trip) -> dict[str, Sequence[Annotation]]:
    return {found.name: found.annotations for found in trip.plan.samples}


def codes(trip: Trip) -> list[tuple[str, int | None]]:
    """Without the guesses."""
    return [(each.code, each.row) for each in trip.problems if each.code != "columns_guessed"]


def guesses(trip: Trip) -> list[str]:
    return [each.message for each in trip.problems if each.code == "columns_guessed"]


def label(name: str) -> tuple[LabelAnnotation]:
    return (LabelAnnotation(label=name),)


def labels(*names: str) -> tuple[LabelsAnnotation]:
    return (LabelsAnnotation(labels=names),)


def target(name: str, value: float) -> tuple[TargetAnnotation]:
    return (TargetAnnotation(name=name, value=value),)


def test_a_path_and_a_class_are_told_by_their_names_and_values() -> None:
    trip = imported("file,class,split\na/1.png,cat,training\n2.png,dog,\n", "a/1.png", "2.png")

    assert known(trip) == {"a/1.png": label("cat"), "2.png": label("dog")}
    assert [found.subset for found in trip.plan.samples] == ["train", None]
    assert trip.plan.modality == "image"
    assert trip.plan.classes == ("cat", "dog")
    assert guesses(trip) == [
        "column 'file' is taken as the path of the file",
        "column 'class' is taken as the label",
        "column 'split' is taken as the subset",
    ]
    assert codes(trip) == []


@pytest.mark.parametrize(
    ("table", "options", "expected"),
    [
        ("path,tags\n1.png,a|b\n2.png,\n", {}, [labels("a", "b"), labels()]),
        (
            "path,tags\n1.png,a b\n2.png,c\n",
            {"label_columns": ["tags"], "label_separator": " "},
            [labels("a", "b"), labels("c")],
        ),
        ("path,cat,dog\n1.png,1,0\n2.png,0,0\n", {}, [labels("cat"), labels()]),
        (
            "path,cat,dog\n1.png,1,1\n2.png,,\n",
            {"label_columns": ["cat", "dog"]},
            [labels("cat", "dog"), ()],
        ),
        (
            "path,x,z\n1.png,a,b\n2.png,a,\n",
            {"label_columns": ["x", "z"]},
            [labels("a", "b"), labels("a")],
        ),
        (
            "path,age\n1.png,3.5\n2.png,-1e3\n",
            {"target_columns": ["age"]},
            [target("age", 3.5), target("age", -1000)],
        ),
        ("path,score\n1.png,3\n2.png,\n", {}, [target("score", 3), ()]),
        ("path,label\n1.png,0.5\n2.png,1\n", {}, [target("label", 0.5), target("label", 1)]),
        ("path,label\n1.png,0\n2.png,1\n", {}, [label("0"), label("1")]),
        ("path,caption\n1.png,a cat\n2.png,\n", {}, [(CaptionAnnotation(text="a cat"),), ()]),
        (
            "path,target.w,label\n1.png,2,a\n2.png,,b\n",
            {},
            [(*label("a"), *target("w", 2)), label("b")],
        ),
    ],
)
def test_columns_become_annotations(table: str, options: dict, expected: list) -> None:
    trip = imported(table, "1.png", "2.png", **options)

    assert list(known(trip).values()) == expected
    assert codes(trip) == []


def test_other_columns_are_fields() -> None:
    trip = imported(
        "path,label,video,frame,day,ok\n1.png,a,v1,3,007,true\n2.png,b,,4,12,false\n", "1.png", "2.png"
    )

    assert [dict(found.fields) for found in trip.plan.samples] == [
        {"video": "v1", "frame": 3, "day": "007", "ok": True},
        {"frame": 4, "day": "12", "ok": False},
    ]


def test_a_text_column_makes_samples_of_texts() -> None:
    trip = imported('text,label\n"good, really\ngood",pos\nbad,neg\n')

    assert trip.plan.modality == "text"
    assert {name: sample.data for name, sample in trip.samples.items()} == {
        "t/00000002": b"good, really\ngood",
        "t/00000003": b"bad",
    }
    assert list(known(trip).values()) == [label("pos"), label("neg")]


def test_without_path_and_text_a_row_is_a_sample_with_all_its_columns() -> None:
    trip = imported("age;job;label\n31;baker;yes\n;miner;no\n")

    assert trip.plan.modality == "tabular"
    assert [json.loads(sample.data) for sample in trip.samples.values()] == [
        {"age": 31, "job": "baker", "label": "yes"},
        {"age": None, "job": "miner", "label": "no"},
    ]
    assert list(known(trip).values()) == [label("yes"), label("no")]
    assert dict(trip.plan.samples[0].fields) == {"age": 31, "job": "baker"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_by_how_it_cuts(delimiter: str) -> None:
    assert sniff([f"a{delimiter}b\n", f"1{delimiter}2\n", f'"x{delimiter}y"{delimiter}3\n']) == delimiter


def test_a_column_of_sentences_with_commas_is_one_column() -> None:
    trip = imported("text\nno, it is not\nyes\nwell, well, well\n")

    assert [sample.data for sample in trip.samples.values()] == [
        b"no, it is not",
        b"yes",
        b"well, well, well",
    ]


@pytest.mark.parametrize(
    "table",
    ["1.png,cat\n2.png,dog\n", "cat,3\ndog,4\n", "5,6\n7,8\n"],
)
def test_a_first_row_that_looks_like_data_is_no_heading(table: str) -> None:
    trip = imported(table, "1.png", "2.png")

    assert "column_1" in guesses(trip)[0]
    assert len(trip.plan.samples) == 2


def test_an_option_that_names_a_number_of_the_first_row_makes_it_a_heading() -> None:
    trip = imported("2020,2021\n1,2\n", target_columns=["2020"])

    assert known(trip) == {"t/00000002": (TargetAnnotation(name="2020", value=1),)}


def test_headings_that_are_empty_or_twice_there_get_names() -> None:
    trip = imported(",a,a,a_3\n0,x,y,z\n1,v,w,u\n")

    assert json.loads(next(iter(trip.samples.values())).data) == {
        "column_1": 0,
        "a": "x",
        "a_3": "y",
        "a_3_4": "z",
    }
    assert codes(trip) == [("heading_changed", 1)] * 3


def test_rows_of_another_length_are_told() -> None:
    trip = imported("path,label\n1.png,a\n2.png\n3.png,c,\n4.png,d,e\n", "1.png", "2.png", "3.png", "4.png")

    assert codes(trip) == [("row_short", 3), ("row_ragged", 5), ("not_in_table", None)]
    assert known(trip) == {"1.png": label("a"), "2.png": (), "3.png": label("c")}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("9.png", "file_missing"),
        ("", "file_missing"),
        ("../1.png", "path_escapes"),
        ("a/../../1.png", "path_escapes"),
        ("/etc/passwd", "path_escapes"),
        ("C:\\a.png", "path_escapes"),
        ("..\\..\\a.png", "path_escapes"),
        ("https://example.com/a.png", "path_is_url"),
        ("same.png", "path_ambiguous"),
        ("x\0.png", "nul_character"),
    ],
)
def test_a_row_whose_file_cannot_be_had_is_refused_alone(cell: str, code: str) -> None:
    trip = imported(f"path,label\n1.png,a\n{cell},b\n", "1.png", "b/same.png", "c/same.png")

    assert codes(trip)[0] == (code, 3)
    assert known(trip) == {"1.png": label("a")}


@pytest.mark.parametrize("cell", ["img/1.png", "./img/1.png", "img\\1.png", "1.png", "1", "../img/1.png"])
def test_files_are_found_beside_the_table_from_the_top_and_by_their_names(cell: str) -> None:
    files = {"d/lists/t.csv": f"path,label\n{cell},a\n", "d/img/1.png": picture()}

    trip = read(Delimited(), files, FormatOptions(path_column="path"))

    assert known(trip) == {"img/1.png": label("a")}


def test_a_file_that_is_named_twice_counts_once() -> None:
    rows = "".join(f"{n}.png,a\n" for n in range(50))
    trip = imported(f"path,label\n{rows}0.png,a\n1.png,b\n", *(f"{n}.png" for n in range(50)))

    assert codes(trip) == [("name_repeated", 52), ("name_repeated", 53)]
    assert known(trip)["1.png"] == label("a")


def test_labels_that_are_listed_one_by_one_become_several_of_one_sample() -> None:
    trip = imported("path,label\n1.png,a\n2.png,c\n1.png,b\n1.png,b\n", "1.png", "2.png")

    assert known(trip) == {"1.png": labels("a", "b"), "2.png": labels("c")}
    assert codes(trip) == [("name_repeated", 5)]
    assert "several rows" in guesses(trip)[-1]


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "12,5", "three", "1e999"])
def test_a_target_that_is_no_number_is_refused_and_its_sample_kept(value: str) -> None:
    trip = imported(f'path,age\n1.png,3\n2.png,"{value}"\n', "1.png", "2.png", target_columns=["age"])

    assert codes(trip) == [("target_invalid", 3)]
    assert [each.level for each in trip.problems if each.row == 3] == ["annotation"]
    assert known(trip)["2.png"] == ()


def test_a_class_with_a_name_too_long_is_refused_and_its_sample_kept() -> None:
    trip = imported(f"path,label\n1.png,{'x' * 301}\n", "1.png")

    assert codes(trip) == [("label_invalid", 2)]
    assert known(trip) == {"1.png": ()}


def test_a_missing_column_fails_the_import_and_says_what_there_is() -> None:
    with pytest.raises(ColumnIsMissing, match=r"no column 'klass'; there are 'path', 'label'"):
        imported("path,label\n1.png,a\n", "1.png", label_columns=["klass"])


def test_a_column_that_only_one_of_the_tables_has_is_enough() -> None:
    files = {"train.csv": "path,kind\n1.png,a\n", "test.csv": "path\n2.png\n"}
    images = {"1.png": picture(8, 8), "2.png": picture(9, 9)}

    trip = read(Delimited(), files | images, FormatOptions(label_columns=("kind",)))

    assert known(trip) == {"1.png": label("a"), "2.png": ()}
    assert [found.subset for found in trip.plan.samples] == ["train", "test"]


@pytest.mark.parametrize(
    ("table", "position"),
    [
        ("text\nMüll\n".encode("latin-1"), 6),
        (b"\xef\xbb\xbftext\nM\xfcll\n", 9),
        (b"text\n" + b"x" * 2**20 + b"\xff\n", 5 + 2**20),
        ("text\nMüll\n".encode("utf-16"), 0),
    ],
)
def test_another_encoding_is_told_with_the_place_of_the_first_byte(table: bytes, position: int) -> None:
    with pytest.raises(EncodingIsWrong, match=f"wrong from byte {position} on"):
        imported(table)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "cp1252", "utf-8", "UTF8"])
def test_an_encoding_that_is_named_is_used(encoding: str) -> None:
    trip = imported("text,label\nMüll,ä\n".encode(encoding), encoding=encoding)

    assert [sample.data for sample in trip.samples.values()] == ["Müll".encode()]
    assert list(known(trip).values()) == [label("ä")]


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "idna", "undefined"])
def test_an_encoding_that_is_none_is_refused(encoding: str) -> None:
    with pytest.raises(EncodingIsUnknown):
        imported("text\na\n", encoding=encoding)


def test_a_byte_order_mark_is_no_part_of_the_heading() -> None:
    assert known(imported("\ufefflabel,text\na,b\n")) == {"t/00000002": label("a")}


def test_a_quote_that_is_never_closed_is_told() -> None:
    trip = imported('path,label\n1.png,a\n2.png,"b\n3.png,c\n', "1.png", "2.png", "3.png")

    assert codes(trip)[0] == ("quote_not_closed", 3)
    assert known(trip) == {"1.png": label("a")}


def test_quotes_in_the_wrong_place_are_told_and_the_next_row_is_read() -> None:
    trip = imported('path,label\n1.png,"a"x\n2.png,b\n', "1.png", "2.png")

    assert codes(trip)[0] == ("row_malformed", 2)
    assert known(trip) == {"2.png": label("b")}


def test_a_cell_of_ten_megabytes_is_read_and_one_without_an_end_stops_the_table() -> None:
    long = "x" * (10 * 2**20)
    assert len(next(iter(imported(f'text,label\n"{long}",a\n').samples.values())).data) == len(long)

    trip = imported("text,label\ngood text,a\n" + "y" * (LONGEST_CELL + 1) + ",b\nmore text,c\n")

    assert codes(trip) == [("table_damaged", None)]
    assert len(trip.samples) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems_are_read(end: str) -> None:
    trip = imported(end.join(["text,label", '"a\nb",x', "c,y", ""]))

    assert [sample.data for sample in trip.samples.values()] == [b"a\nb", b"c"]


def test_a_long_field_is_cut_and_told() -> None:
    trip = imported(f"path,note\n1.png,{'n' * 2000}\n", "1.png")

    assert codes(trip) == [("field_cut", 2)]
    assert len(str(trip.plan.samples[0].fields["note"])) == 1000


def test_of_very_many_columns_the_first_are_fields_and_the_rest_is_told() -> None:
    columns = [f"c{number}" for number in range(70)]
    trip = imported(f"path,{','.join(columns)}\n1.png,{','.join('v' * 70)}\n", "1.png")

    assert len(trip.plan.samples[0].fields) == 64
    assert codes(trip) == [("column_left_out", None)] * 6


@pytest.mark.parametrize("table", ["", "\n\n", "\ufeff"])
def test_a_table_with_nothing_in_it_is_told(table: str) -> None:
    with pytest.raises(TableIsDamaged):
        imported(table)


def test_a_good_table_beside_a_broken_one_is_imported() -> None:
    trip = read(Delimited(), {"a.csv": "", "b.csv": "text\nwhat a day\n"})

    assert codes(trip) == [("table_damaged", None)]
    assert len(trip.samples) == 1


def test_tables_of_two_kinds_are_not_mixed() -> None:
    trip = read(Delimited(), {"a.csv": "text,label\nx y,1\n", "b.csv": "age,label\n3,2\n"})

    assert codes(trip) == [("table_of_other_kind", None)]
    assert trip.plan.modality == "text"


def test_every_file_that_no_row_names_is_told() -> None:
    files = {
        "t.csv": "path\n1.png\n",
        "1.png": picture(),
        "2.png": picture(),
        "__MACOSX/x": b"",
        "notes.txt": b"",
    }

    trip = read(Delimited(), files)

    told = {(each.path, each.code) for each in trip.problems if each.outcome == "rejected"}
    assert told == {("2.png", "not_in_table"), ("__MACOSX/x", "system_file"), ("notes.txt", "not_in_table")}


def test_without_a_table_there_is_nothing_to_read() -> None:
    with pytest.raises(NoTable):
        read(Delimited(), {"a.png": picture()})


@pytest.mark.parametrize(
    ("files", "fits"),
    [
        ({"t.csv": "path,label\n1.png,a\n", "1.png": b""}, True),
        ({"t.csv": "name,size\nx,3\n", "a/1.png": b""}, False),
        ({"t.csv": "name,size\nx,3\n"}, True),
        ({"t.csv": b"\xff\xff\xff"}, True),
        ({"t.tsv": ""}, True),
        ({"t.json": ""}, False),
    ],
)
def test_a_table_beside_images_counts_when_it_names_them(files: dict[str, str | bytes], fits: bool) -> None:
    with opened(files) as source:
        assert Delimited().fits(source) is fits


@given(some.words)
def test_an_escaped_cell_is_no_formula_and_comes_back(cell: str) -> None:
    assert unescaped(escaped(cell)) == cell
    if escaped(cell)[0] in "=+-@\t\r":
        float(escaped(cell))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-a", "@x", "\tx", "\rx", "'=x", "''=x"])
def test_formulas_are_made_harmless_in_an_export(cell: str) -> None:
    trip = round_trip(Delimited(), content([Sample("a.png", label(cell.strip()))]))

    assert known(trip) == {"a.png": label(cell.strip())}
    assert trip.losses == []


def samples(modality: Modality) -> st.SearchStrategy[list[Sample]]:
    contents = {
        "text": some.texts.map(str.encode),
        "tabular": some.fields.map(lambda row: write_json(row).encode()),
    }
    one = st.builds(
        Sample,
        name=st.from_regex(r"[a-z]{1,3}(/[a-z0-9 ,'\"=+-]{1,6})?x\.png", fullmatch=True),
        annotations=st.lists(some.labels | some.many_labels | some.targets | some.every, max_size=3).map(
            tuple
        ),
        subset=some.subsets,
        fields=some.fields,
        data=contents.get(modality, st.none()),
    )
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda sample: sample.name)


@pytest.mark.parametrize("modality", ["image", "text", "tabular"])
@given(st.data())
def test_what_does_not_come_back_as_it_was_is_told(modality: Modality, data: st.DataObject) -> None:
    sent = data.draw(samples(modality))

    trip = round_trip(Delimited(), content(sent, modality=modality))

    told = {loss.path for loss in trip.losses}
    found = {each.name: each for each in trip.plan.samples}
    for sample in sent:
        if sample.name not in told:
            assert_same(found[sample.name], sample)
            assert trip.samples[sample.name].data == sample.read()


def assert_same(found: Found, sample: Sample) -> None:
    def key(annotation: Annotation) -> str:
        return annotation.model_dump_json()

    assert sorted(found.annotations, key=key) == sorted(sample.annotations, key=key)
    assert found.subset == sample.subset
    assert dict(found.fields) == {name: value for name, value in sample.fields.items() if value is not None}


def test_plain_samples_lose_nothing() -> None:
    sent = [
        Sample("a/1.png", label("cat"), "train", {"video": "v1", "frame": 3, "w": 0.5, "ok": True}),
        Sample("a/2.png", (*labels("x", "y;z"), TargetAnnotation(name="age", value=-1.5)), "val"),
        Sample("b.png", labels()),
        Sample("c.png"),
    ]

    trip = round_trip(Delimited(), content(sent))

    assert trip.losses == []
    for sample in sent:
        assert_same(next(found for found in trip.plan.samples if found.name == sample.name), sample)


def test_what_it_cannot_carry_is_told_once_for_each_sample_and_kind() -> None:
    box = BoxAnnotation(label="a", x=1, y=1, width=2, height=2)
    sent = [
        Sample("1.png", (box, box, CaptionAnnotation(text="x"))),
        Sample("2.png", (*label("a"), *label("b"))),
        Sample("3.png", label(" a ")),
        Sample("4.png", label("a"), fields={"x": "", "y": "007"}),
        Sample("5.csv", label("a")),
    ]

    trip = round_trip(Delimited(), content(sent))

    assert [(loss.path, loss.code) for loss in trip.losses] == [
        ("1.png", "annotation_lost"),
        ("1.png", "annotation_lost"),
        ("2.png", "annotations_changed"),
        ("3.png", "annotations_changed"),
        ("4.png", "fields_changed"),
        ("5.csv", "renamed"),
    ]


def test_an_export_is_a_table_that_others_can_read() -> None:
    table = written(Sample("a.png", label("cat"), "train", {"video": 'v "1"'}))

    assert next(csv.DictReader(io.StringIO(table))) == {
        "path": "a.png",
        "label": "cat",
        "subset": "train",
        "field.video": 'v "1"',
    }


def written(*sent: Sample) -> str:
    sink = Kept()
    list(Delimited().write(content(sent), sink))
    return sink.files["samples.csv"].decode()


class Kept:
    """A sink in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def add(self, path: str, data: bytes) -> None:
        self.files[path] = data

    def open(self, path: str) -> io.BytesIO:
        sink = self

        class File(io.BytesIO):
            def close(self) -> None:
                if not self.closed:
                    sink.files[path] = self.getvalue()
                super().close()

        return File()
