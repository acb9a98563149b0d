"""JSONL of others: columns told as in CSV, and every line that is not an object told with its row."""

import json

import pytest

from libs.common.contracts.annotations import LabelAnnotation, LabelsAnnotation, TargetAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats import lines
from services.datasets.formats.tables.jsonl import JsonLines
from services.datasets.formats.tables.reading import ColumnIsMissing, NoTable
from tests.unit.datasets.formats.trips import Trip, opened, picture, read


def imported(*rows: object, **options: object) -> Trip:
    """Rows that are text are lines as they are; beside them lies one image."""
    told = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    return read(JsonLines(), {"t.jsonl": told, "1.png": picture()}, FormatOptions.model_validate(options))


def refused(trip: Trip) -> list[tuple[str, int | None]]:
    return [(each.code, each.row) for each in trip.problems if each.outcome == "rejected" and each.row]


def test_lists_and_numbers_are_labels_targets_and_fields() -> None:
    trip = imported(
        {"image": "1.png", "tags": ["a", 3, True], "score": 2, "camera": {"x": 1}, "frame": 7, "n": None}
    )

    (found,) = trip.plan.samples
    assert found.annotations == (
        LabelsAnnotation(labels=("a", "3", "true")),
        TargetAnnotation(name="score", value=2),
    )
    assert dict(found.fields) == {"frame": 7}
    assert [each.message for each in trip.problems if each.code == "column_left_out"] == [
        "column 'camera' is left out: a dict is no single value"
    ]


def test_rows_without_path_and_text_are_kept_whole() -> None:
    row = {"b": [1, {"x": None}], "a": 2.5, "label": "yes", "ü": "ß"}

    trip = imported(row, {**row, "a": float("nan")}, {**row, "later": 1})

    assert [json.loads(sample.data) for sample in trip.samples.values()] == [
        row,
        {**row, "a": None},
        {**row, "later": 1},
    ]
    assert next(iter(trip.samples.values())).data.startswith(b'{"b":[1,{"x":null}],"a":2.5')
    assert trip.plan.samples[0].annotations == (LabelAnnotation(label="yes"),)
    assert trip.plan.samples[2].fields["later"] == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"text": "cut o', "line_malformed"),
        ("hello", "line_malformed"),
        ('{"text": "a", "text": "b"}', "line_malformed"),
        ('{"text": ' + "[" * 100 + "]" * 100 + "}", "line_malformed"),
        ('{"text": ' + "[" * 100_000, "line_malformed"),
        ('{"text": "x", "n": ' + "9" * 5000 + "}", "line_malformed"),
        ('{"text": "\\ud800"}', "line_malformed"),
        ('{"text": "a\\u0000b"}', "line_malformed"),
        ('{"\\u0000": 1, "text": "a b"}', "line_malformed"),
        ('["a", "b"]', "line_not_an_object"),
        ("5", "line_not_an_object"),
        ("null", "line_not_an_object"),
        ('{"text": 5}', "text_invalid"),
        ('{"text": null}', "text_invalid"),
        ('{"label": "x"}', "text_invalid"),
        ('{"text": "  "}', "text_empty"),
    ],
)
def test_a_bad_line_is_refused_alone(line: str, code: str) -> None:
    trip = imported({"text": "good one", "label": "a"}, line, "", {"text": "another one", "label": "b"})

    assert refused(trip) == [(code, 2)]
    assert [sample.data for sample in trip.samples.values()] == [b"good one", b"another one"]
    assert list(trip.samples) == ["t/00000001", "t/00000004"]


@pytest.mark.parametrize(
    ("label", "code"), [({"a": 1}, "label_invalid"), ("x" * 301, "label_invalid"), ([["a"]], "label_invalid")]
)
def test_a_bad_label_is_refused_and_its_sample_kept(label: object, code: str) -> None:
    trip = imported({"text": "one two", "label": ["a"]}, {"text": "three four", "label": label})

    assert refused(trip) == [(code, 2)]
    assert [found.annotations for found in trip.plan.samples] == [(LabelsAnnotation(labels=("a",)),), ()]
    assert trip.plan.num_annotations == 2


def test_a_line_that_is_not_in_utf8_is_told_with_its_byte() -> None:
    source = {"t.jsonl": b'{"text": "a b"}\n{"text": "M\xfcll"}\n{"text": "c d"}\n'}

    trip = read(JsonLines(), source)

    assert refused(trip) == [("line_malformed", 2)]
    assert "byte 11" in next(each.message for each in trip.problems if each.row == 2)
    assert len(read(JsonLines(), source, FormatOptions(encoding="latin-1")).samples) == 3


def test_a_byte_order_mark_is_skipped() -> None:
    assert len(read(JsonLines(), {"t.jsonl": '\ufeff{"text": "a b"}\r\n'}).samples) == 1


def test_a_line_that_is_too_long_is_skipped_without_being_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 40)

    trip = imported({"text": "a b"}, {"text": "x" * 200}, {"text": "c d"})

    assert refused(trip) == [("line_too_long", 2)]
    assert len(trip.samples) == 2


def test_very_large_numbers_are_kept_as_text() -> None:
    trip = imported({"text": "a b", "n": 10**30, "m": 2**63 - 1})

    assert dict(trip.plan.samples[0].fields) == {"n": str(10**30), "m": 2**63 - 1}


def test_a_column_that_no_line_has_fails_the_import() -> None:
    with pytest.raises(ColumnIsMissing, match="there are 'text'"):
        imported({"text": "a b"}, text_column="body")


def test_an_option_decides_against_a_guess() -> None:
    trip = imported({"text": "a b", "note": "c d", "label": "x"}, text_column="note", label_columns=["text"])

    assert [sample.data for sample in trip.samples.values()] == [b"c d"]
    assert trip.plan.samples[0].annotations == (LabelAnnotation(label="a b"),)


def test_a_table_beside_images_counts_when_it_names_them() -> None:
    for line, fits in (('{"image": "1.png"}', True), ('{"name": "x"}', False)):
        with opened({"t.jsonl": line, "1.png": b""}) as files:
            assert JsonLines().fits(files) is fits
    with pytest.raises(NoTable):
        read(JsonLines(), {"1.png": b""})
