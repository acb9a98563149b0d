"""Sources as these tests open them, and what they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from services.datasets.files import Entry, Files, open_files
from services.datasets.settings import ArchiveLimits

MIB = 2**20


@contextmanager
def opened(path: Path, filename: str = "", **limits: Any) -> Iterator[Files]:
    with open_files(path, ArchiveLimits(**limits), path.parent / "scratch", filename=filename) as files:
        yield files


def contents(path: Path, filename: str = "", **limits: Any) -> dict[str, bytes]:
    """Read in every way there is."""
    with opened(path, filename, **limits) as files:
        return {entry.path: same_in_every_way(files, entry) for entry in files.entries()}


def same_in_every_way(files: Files, entry: Entry) -> bytes:
    data = files.read(entry)
    with files.open(entry) as stream:
        pieces = list(iter(lambda: stream.read(7000), b""))
    assert b"".join(pieces) == data == files.local(entry).read_bytes()
    assert len(data) == entry.size_bytes
    return data


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# What every container can hold: no part is empty or has a meaning of its own.
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0/\\:")
parts = st.text(letters, min_size=1, max_size=40).filter(lambda part: part not in (".", ".."))
paths = st.lists(parts, min_size=1, max_size=3).map("/".join)
trees = st.dictionaries(paths, st.binary(max_size=300), min_size=1, max_size=8).filter(
    lambda tree: not any(folder in tree for path in tree for folder in _folders(path))
)


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
