"""Long lists in JSON: the same as when all of it is parsed at once, whatever stands where a piece is cut."""

import io
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.datasets.formats import json_lists
from services.datasets.formats.json_lists import ListsAreHidden, find_lists

TEXTS = st.text(st.sampled_from('ab[]{}",:\\ é\n'), max_size=6)
VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
LISTS = st.fixed_dictionaries({}, optional={"images": st.lists(VALUES), "annotations": st.lists(VALUES)})
REST = st.dictionaries(TEXTS, VALUES, max_size=3)


@pytest.fixture(scope="module", autouse=True)
def small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lists, "PIECE_BYTES", 7)
        patch.setattr(json_lists, "BATCH_BYTES", 11)
        yield


def parted(data: bytes) -> dict[str, Any]:
    found, lists = find_lists(partial(io.BytesIO, data), orjson.loads, ("images", "annotations"))
    assert isinstance(found, dict)
    return found | {name: list(items) for name, items in lists.items()}


@given(REST, LISTS, st.sampled_from([None, 2]))
def test_what_is_read_in_batches_is_what_was_written(rest: Any, lists: Any, indent: int | None) -> None:
    written = {**rest, **lists, "last": [lists]}

    assert parted(json.dumps(written, indent=indent, ensure_ascii=False).encode()) == written


@pytest.mark.parametrize(
    "data",
    [
        b'{"images":[{}{}]}',
        b'{"images":[,{}]}',
        b'{"images":[{"a":"bcdefghijkl"},]}',
        b'{"images":[{"a":"bcdefghijkl"},,{}]}',
        b'{"images":[{"a":"bcdefghijkl"}{}]}',
        b'{"images":[{"a":1}]',
        b'{"images":[{"a":1',
        b'{"images":["a]}',
        b'{"images":[{"a":1]}',
        b'{"images":[]} x',
        b'{"images":[1],"images":[2]}',
        b"",
    ],
)
def test_what_is_no_json_or_says_a_list_twice_is_left_to_who_reads_it_whole(data: bytes) -> None:
    with pytest.raises((ListsAreHidden, orjson.JSONDecodeError)):
        parted(data)
