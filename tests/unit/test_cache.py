"""The cache of immutable objects: fetched once, bounded, never half an object, never taken from a job."""

import asyncio
import os
from pathlib import Path

import pytest

from libs.common.cache import ObjectCache
from libs.common.errors import Unavailable


class Store:
    """Answers every key with eight bytes and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_open = True

    async def fetch(self, key: str, path: Path) -> None:
        self.asked.append(key)
        path.write_bytes(key.encode()[:4])
        await asyncio.sleep(0)
        if not self.is_open:
            raise Unavailable("the store is away")
        path.write_bytes(key.encode().ljust(8, b"."))


@pytest.fixture
def store() -> Store:
    return Store()


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_two_jobs_that_ask_at_once_fetch_once(tmp_path: Path, store: Store) -> None:
    cache = ObjectCache(tmp_path / "cache", 1000, store.fetch)

    await asyncio.gather(cache.place("a", tmp_path / "one/a"), cache.place("a", tmp_path / "two/a"))

    assert store.asked == ["a"]
    assert (tmp_path / "one/a").read_bytes() == (tmp_path / "two/a").read_bytes() == b"a......."


async def test_another_process_finds_what_this_one_fetched(tmp_path: Path, store: Store) -> None:
    await ObjectCache(tmp_path / "cache", 1000, store.fetch).place("a", tmp_path / "one/a")
    await ObjectCache(tmp_path / "cache", 1000, store.fetch).place("a", tmp_path / "two/a")

    assert store.asked == ["a"]


async def test_a_fetch_that_breaks_leaves_nothing_and_is_tried_again(tmp_path: Path, store: Store) -> None:
    cache = ObjectCache(tmp_path / "cache", 1000, store.fetch)
    store.is_open = False
    with pytest.raises(Unavailable):
        await cache.place_all({"a": tmp_path / "job/a", "b": tmp_path / "job/b"})
    assert entries(tmp_path / "cache") == set()
    assert not (tmp_path / "job/a").exists()

    store.is_open = True
    await cache.place("a", tmp_path / "job/a")

    assert (tmp_path / "job/a").read_bytes() == b"a......."


async def test_the_longest_unused_goes_first_and_jobs_keep_their_files(tmp_path: Path, store: Store) -> None:
    cache = ObjectCache(tmp_path / "cache", 16, store.fetch)
    for age, key in ((30, "a"), (20, "b")):
        placed = await cache.place(key, tmp_path / f"job/{key}")
        stamp = placed.stat().st_mtime - age
        os.utime(placed, (stamp, stamp))
    await cache.place("a", tmp_path / "other/a")

    await cache.place("c", tmp_path / "job/c")

    assert (tmp_path / "job/b").read_bytes() == b"b......."
    await cache.place_all({key: tmp_path / f"again/{key}" for key in "ac"})
    assert store.asked == ["a", "b", "c"]
    await cache.place("b", tmp_path / "again/b")
    assert store.asked == ["a", "b", "c", "b"]
