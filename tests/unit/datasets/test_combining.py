"""Manifests of several datasets as one."""

from collections import Counter
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from services.datasets.combining import CombinedManifest, Contents, find_crossings, place_at
from services.datasets.manifest import SCHEMA

Row = tuple[str, str]


def manifest(*rows: Row, without: str | None = None) -> bytes:
    """Each row a file and the subset it is in."""
    fixed = {"offset": 0, "size_bytes": 1, "width": 8, "height": 8}
    table = pa.Table.from_pylist(
        [
            {field.name: fixed.get(field.name, "-") for field in SCHEMA}
            | {"sha256": digest, "subset": subset, "name": f"{digest}-{subset}"}
            for digest, subset in rows
        ],
        schema=SCHEMA,
    )
    buffer = BytesIO()
    pq.write_table(table.drop_columns([without]) if without else table, buffer)
    return buffer.getvalue()


def crossings(*manifests: bytes):
    return find_crossings([Contents.of(each) for each in manifests])


def combined(*manifests: bytes) -> tuple[list[Row], Counter[str]]:
    whole = CombinedManifest()
    for each, is_less in zip(manifests, crossings(*manifests).is_less, strict=True):
        whole.add(each, is_less)
    table = pq.read_table(BytesIO(whole.finish()))
    assert table.schema.equals(SCHEMA)
    return list(zip(table["sha256"].to_pylist(), table["subset"].to_pylist(), strict=True)), whole.counts


def test_nothing_is_lost_where_nothing_is_in_common():
    one = manifest(("a", "train"), ("b", "val"))
    other = manifest(("c", "train"), ("d", "test"))

    rows, counts = combined(one, other)

    assert rows == [("a", "train"), ("b", "val"), ("c", "train"), ("d", "test")]
    assert counts == {"train": 2, "val": 1, "test": 1}
    assert (crossings(one, other).num_files, crossings(one, other).first) == (0, None)


def test_the_same_file_in_the_same_subset_is_no_leak():
    one, other = manifest(("a", "train"), ("b", "val")), manifest(("a", "train"))

    assert crossings(one, other).num_files == 0
    assert combined(one, other)[1] == {"train": 2, "val": 1}


def test_what_one_dataset_alone_has_on_both_sides_is_not_looked_at_here():
    one, other = manifest(("a", "train"), ("a", "test")), manifest(("b", "train"))

    assert crossings(one, other).num_files == 0


def test_what_another_holds_out_is_left_out_of_what_is_held_out_less():
    one = manifest(("a", "train"), ("b", "val"), ("c", "train"), ("e", "extra"))
    other = manifest(("a", "test"), ("b", "test"), ("c", "train"), ("e", "train"))
    third = manifest(("a", "val"), ("d", "train"))

    found = crossings(one, other, third)
    rows, counts = combined(one, other, third)

    assert found.num_files == 3
    assert rows == [
        ("c", "train"), ("e", "extra"), ("a", "test"), ("b", "test"), ("c", "train"), ("d", "train")
    ]  # fmt: skip
    assert counts == {"train": 3, "extra": 1, "test": 2}


def test_subsets_of_other_names_never_share_a_file_either():
    one, other = manifest(("a", "fold_1")), manifest(("a", "fold_2"))

    assert combined(one, other)[0] == [("a", "fold_2")]
    assert combined(other, one)[0] == [("a", "fold_2")]


def test_a_leak_is_told_by_two_names():
    one = manifest(("x", "train"), ("a", "val"), ("a", "train"))
    other = manifest(
        ("a", "train"),
    )

    first = crossings(one, other).first

    assert first is not None
    places = [place_at((one, other)[number], row) for number, row in (first.one, first.other)]
    assert places == [("a-val", "val"), ("a-train", "train")]
    assert (first.one[0], first.other[0]) == (0, 1)


def test_manifests_of_old_are_brought_to_todays_columns():
    rows, _ = combined(manifest(("a", "train"), without="fields"), manifest(("b", "train")))

    assert rows == [("a", "train"), ("b", "train")]


def test_manifests_may_be_empty():
    assert combined(manifest(), manifest(("b", "train")))[0] == [("b", "train")]
    assert combined(manifest(), manifest())[0] == []
