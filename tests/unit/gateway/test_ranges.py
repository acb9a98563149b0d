"""Conditions and ranges of RFC 9110, header by header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.errors import RangeIsOutside
from services.gateway.ranges import is_known, wanted_range

ETAG = '"abc"'
SIZE = 10


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", range(0, 1)),
        ("bytes=2-4", range(2, 5)),
        ("bytes=7-", range(7, 10)),
        ("bytes=7-99", range(7, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(0, 10)),
        ("BYTES= 1-2 ", range(1, 3)),
    ],
)
def test_one_range_is_the_bytes_that_it_names(header: str, wanted: range):
    assert wanted_range({"range": header}, ETAG, SIZE) == wanted


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "bytes=1-2,4-5", "items=1-2"),
        *("bytes=1--2", "bytes=" + "9" * 5000 + "-", "bytes=٣-٤"),
    ],
)
def test_several_ranges_and_what_is_no_range_get_all(header: str):
    assert wanted_range({"range": header}, ETAG, SIZE) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=999999999999999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_told(header: str):
    with pytest.raises(RangeIsOutside, match="10 bytes"):
        wanted_range({"range": header}, ETAG, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-1"])
def test_nothing_has_no_range(header: str):
    with pytest.raises(RangeIsOutside):
        wanted_range({"range": header}, ETAG, 0)


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        *(('"abc"', True), (' "abc" ', True), ('W/"abc"', False), ('"abd"', False), ("*", False)),
        ("Wed, 21 Oct 2026 07:28:00 GMT", False),
    ],
)
def test_a_range_holds_only_for_the_same_content(header: str, holds: bool):
    found = wanted_range({"range": "bytes=0-1", "if-range": header}, ETAG, SIZE)

    assert found == (range(0, 2) if holds else None)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        *(('"abc"', True), ('W/"abc"', True), ('"x", W/"abc" ,"y"', True), ("*", True), (" * ", True)),
        *(("", False), ('"abcd"', False), ("abc", False), ('"x,abc"', False), ('"x" , "y"', False)),
    ],
)
def test_what_a_caller_has_already_is_found_in_a_list(header: str, known: bool):
    assert is_known({"if-none-match": header}, ETAG) == known


@given(st.text(max_size=40), st.integers(0, 2**40))
def test_no_header_breaks_it(header: str, size: int):
    for value in (header, f"bytes={header}"):
        try:
            found = wanted_range({"range": value}, ETAG, size)
        except RangeIsOutside:
            continue
        assert found is None or (0 <= found.start < found.stop <= size)
        is_known({"if-none-match": value}, ETAG)
