"""Parquet of others: types, damage, and tables that would fill the memory; images read where they lie."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.imports import FormatOptions
from services.datasets.formats.tables import arrow_batches
from services.datasets.formats.tables.arrow_batches import TableIsBomb, TableIsDamaged
from services.datasets.formats.tables.parquet import Parquet
from tests.unit.datasets.formats.trips import Trip, opened, picture, read


def table(columns: Mapping[str, Any], **options: Any) -> bytes:
    buffer = BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def imported(data: bytes, **options: object) -> Trip:
    return read(Parquet(), {"t.parquet": data}, FormatOptions.model_validate(options))


def codes(trip: Trip) -> list[tuple[str, int | None]]:
    return [(each.code, each.row) for each in trip.problems if each.code != "columns_guessed"]


def test_single_values_of_every_type_are_kept() -> None:
    day = datetime.date(2020, 2, 29)
    trip = imported(
        table(
            {
                "text": ["some words here"],
                "label": pa.array(["cat"]).dictionary_encode(),
                "i": pa.array([-3], pa.int16()),
                "u": pa.array([2**64 - 1], pa.uint64()),
                "f": pa.array([0.5], pa.float32()),
                "h": pa.array(np.array([1.5], np.float16)),
                "b": [True],
                "day": [day],
                "at": pa.array([0], pa.timestamp("ns")),
                "late": pa.array([2**62], pa.timestamp("us")),
                "price": [Decimal("1.50")],
                "nothing": pa.nulls(1),
                "nan": [float("nan")],
            }
        )
    )

    (found,) = trip.plan.samples
    assert found.annotations == (LabelAnnotation(label="cat"),)
    fields = dict(found.fields)
    assert fields.pop("late")
    assert fields == {
        "i": -3, "u": str(2**64 - 1), "f": 0.5, "h": 1.5, "b": True, "day": "2020-02-29",
        "at": "1970-01-01 00:00:00.000000000", "price": "1.50",
    }  # fmt: skip
    assert codes(trip) == []


def test_types_that_are_no_single_values_are_left_out_and_told() -> None:
    trip = imported(
        table(
            {
                "text": ["some words here"],
                "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
                "struct": [{"a": 1}],
                "deep": [[[1]]],
                "raw": [b"\x00\x01"],
            }
        )
    )

    assert codes(trip) == [("column_left_out", None)] * 4
    assert dict(trip.plan.samples[0].fields) == {}


@pytest.mark.parametrize("column", ["image", "picture"])
def test_a_column_of_bytes_that_is_called_an_image_is_one(column: str) -> None:
    trip = imported(table({column: [picture(8, 8)], "label": ["a"]}))

    assert [found.name for found in trip.plan.samples] == ["t/00000001"]
    assert trip.plan.modality == "image"


def test_rows_of_images_inside_are_told_by_their_numbers() -> None:
    data = table({"image": [picture(8, 8), None, picture(9, 8)], "label": ["a", "b", "c"]}, row_group_size=1)

    trip = imported(data)

    assert codes(trip) == [("file_missing", 2)]
    assert [found.content.place for found in trip.plan.samples] == [("t.parquet", 1), ("t.parquet", 3)]
    assert [sample.width for sample in trip.samples.values()] == [8, 9]


def test_images_are_read_in_any_order() -> None:
    pictures = [picture(8 + number, 8) for number in range(300)]
    data = table({"image": pictures}, row_group_size=70)

    with opened({"t.parquet": data}) as files:
        samples = Parquet().read(files, FormatOptions()).samples
        for number in (0, 1, 2, 69, 70, 299, 5, 4, 71, 298):
            assert samples[number].content.read(files) == pictures[number]
            assert samples[number].content.checksum is not None


def test_a_path_inside_names_a_file_beside() -> None:
    data = table({"image": [{"bytes": None, "path": "a/1.png"}, {"bytes": None, "path": "../1.png"}]})

    trip = read(Parquet(), {"t.parquet": data, "a/1.png": picture()})

    assert list(trip.samples) == ["a/1.png"]
    assert codes(trip) == [("path_escapes", 2)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"\xff" * 100 + b"PAR1",
        b"not at all",
        table({"text": ["a b"]})[:-20],
    ],
)
def test_a_file_that_is_no_parquet_fails_with_its_reason(data: bytes) -> None:
    with pytest.raises(TableIsDamaged):
        imported(data)


def test_a_damaged_group_of_rows_is_told_and_the_others_are_read() -> None:
    words = [f"text number {number}" for number in range(30)]
    data = bytearray(table({"text": words}, row_group_size=10, compression="zstd", use_dictionary=False))
    chunk = pq.ParquetFile(BytesIO(bytes(data))).metadata.row_group(1).column(0)
    place = chunk.data_page_offset
    data[place : place + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size

    trip = imported(bytes(data))

    assert codes(trip) == [("table_damaged", 11)]
    assert "rows 11 to 20" in next(each.message for each in trip.problems if each.row == 11)
    assert len(trip.samples) == 20


def test_text_that_is_not_utf8_is_refused_alone() -> None:
    broken = pa.array([b"good words here", b"bad \xff", b"more good words"]).view(pa.string())

    trip = imported(table({"text": broken}))

    assert codes(trip) == [("text_invalid", 2)]
    assert len(trip.samples) == 2


def test_groups_that_unpack_to_too_much_are_refused_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrow_batches, "LARGEST_GROUP_BYTES", 1000)

    with pytest.raises(TableIsBomb, match="row group"):
        imported(table({"text": ["words " * 1000]}, use_dictionary=False))


def test_a_bomb_of_one_value_is_refused_by_its_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_batches, "BOMBS_COUNT_FROM_BYTES", 2**20)
    data = table({"text": ["x" * (8 * 2**20)]}, compression="zstd", use_dictionary=False)

    with pytest.raises(TableIsBomb, match="times its size"):
        imported(data)


def test_more_values_or_rows_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = table({"text": ["a b"], "n": [[0] * 5000]})
    monkeypatch.setattr(arrow_batches, "MOST_VALUES", 4000)
    with pytest.raises(TableIsBomb, match="values"):
        imported(data)

    monkeypatch.setattr(arrow_batches, "MOST_ROWS", 2)
    with pytest.raises(TableIsBomb, match="rows"):
        imported(table({"text": ["a", "b", "c"]}))


def test_batches_are_small_where_a_dictionary_makes_rows_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_batches, "DICTIONARY_BATCH_BYTES", 4 * 2**20)
    one = "x" * 2**20
    data = table({"text": [one] * 50}, compression="zstd")

    with opened({"t.parquet": data}) as files:
        batches = arrow_batches.open_batches(files.local(files.entries()[0]), "parquet")
        sizes = [batch.num_rows for batch in batches.read(0, ["text"])]
        batches.close()

    assert sum(sizes) == 50
    assert max(sizes) * len(one) <= 4 * 2**20


def test_two_columns_of_one_name_are_refused() -> None:
    buffer = BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), buffer)

    with pytest.raises(TableIsDamaged, match="same name"):
        imported(buffer.getvalue())


def test_a_good_table_beside_a_damaged_one_is_read() -> None:
    trip = read(Parquet(), {"a.parquet": b"PAR1", "b.parquet": table({"text": ["so many words"]})})

    assert [(each.path, each.code) for each in trip.problems if each.outcome == "rejected"] == [
        ("a.parquet", "table_damaged")
    ]
    assert len(trip.samples) == 1
