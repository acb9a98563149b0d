"""Annotations and archives of strangers: whatever bytes they are, they are read or refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.hostile_files import ARCHIVES, WHOLE, read_annotations, read_archive

# Numbers without end, other types, half characters, entities, and what ends a line or a nest too early.
PIECES = (
    b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"1e999", b"-1", b"NaN", b"9" * 5000, b"null", b"{}",
    b"[" * 2000, b'"', b"\n", b",", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", b"&b;",
    b"<" * 50, b"../../a.png", b"!!python/object:os.system",
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """A few places of something whole, written over."""
    data = whole
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)))
        data = data[:start] + piece + data[start + draw(st.integers(0, 12)) :]
    return data


@pytest.mark.parametrize("name", WHOLE)
def test_annotations_are_understood_as_long_as_they_are_whole(name: str):
    assert read_annotations(name, next(iter(WHOLE[name].values()))) > 0


@pytest.mark.parametrize("name", WHOLE)
def test_any_annotations_are_read_or_refused_in_words(name: str):
    @given(changed(next(iter(WHOLE[name].values()))))
    def attempt(data: bytes) -> None:
        read_annotations(name, data)

    attempt()


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_are_understood_as_long_as_they_are_whole(kind: str):
    assert read_archive(ARCHIVES[kind]) == 63


@pytest.mark.parametrize("kind", ARCHIVES)
def test_any_archive_is_read_or_refused_in_words(kind: str):
    @given(changed(ARCHIVES[kind]))
    def attempt(data: bytes) -> None:
        read_archive(data)

    attempt()
