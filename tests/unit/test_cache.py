"""The cache of immutable objects: fetched once, bounded, never half an object, never taken from a job."""

import asyncio
import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from libs.common.cache import ObjectCache, ScratchIsFull, mark_damaged
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


async def test_the_longest_unused_goes_first(tmp_path: Path, store: Store) -> None:
    cache = ObjectCache(tmp_path / "cache", 16, store.fetch)
    for age, key in ((30, "a"), (20, "b")):
        placed = await cache.place(key, tmp_path / f"done/{key}")
        stamp = placed.stat().st_mtime - age
        os.utime(placed, (stamp, stamp))
    await cache.place("a", tmp_path / "done/a")
    shutil.rmtree(tmp_path / "done")

    await cache.place("c", tmp_path / "job/c")

    await cache.place_all({key: tmp_path / f"again/{key}" for key in "ac"})
    assert store.asked == ["a", "b", "c"]
    await cache.place("b", tmp_path / "again/b")
    assert store.asked == ["a", "b", "c", "b"]


async def test_what_a_job_holds_is_not_cleared_and_goes_when_the_job_has_gone(
    tmp_path: Path, store: Store
) -> None:
    cache = ObjectCache(tmp_path / "cache", 8, store.fetch)
    await cache.place_all({key: tmp_path / f"job/{key}" for key in "abc"})
    await cache.place_all({key: tmp_path / f"beside/{key}" for key in "abc"})
    assert sorted(store.asked) == ["a", "b", "c"]

    shutil.rmtree(tmp_path / "job")
    shutil.rmtree(tmp_path / "beside")
    await cache.place("d", tmp_path / "next/d")

    assert len(entries(tmp_path / "cache")) == 1
    assert (tmp_path / "next/d").read_bytes() == b"d......."


PROCESS = """
import asyncio, sys, time
from pathlib import Path
from libs.common.cache import ObjectCache, ScratchIsFull, mark_damaged

folder, name, pause = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])

async def fetch(key, path):
    with (folder / "asked").open("a") as asked:
        asked.write(name)
    path.write_bytes(b"half")
    print("half", flush=True)
    await asyncio.sleep(pause)
    path.write_bytes(b"half and whole")

asyncio.run(ObjectCache(folder / "cache", 1000, fetch).place("a", folder / name / "a"))
print((folder / name / "a").read_text(), flush=True)
"""


def process(folder: Path, name: str, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROCESS, str(folder), name, str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_that_ask_at_once_fetch_once(tmp_path: Path) -> None:
    with process(tmp_path, "1", 3) as first:
        assert first.stdout is not None and first.stdout.readline() == "half\n"
        with process(tmp_path, "2", 0) as second:
            assert first.communicate()[0] == second.communicate()[0] == "half and whole\n"
    assert (tmp_path / "asked").read_text() == "1"
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".object"]


def test_a_process_that_is_killed_leaves_no_half_object_and_no_lock(tmp_path: Path) -> None:
    with process(tmp_path, "1", 600) as first:
        assert first.stdout is not None and first.stdout.readline() == "half\n"
        with process(tmp_path, "2", 0) as second:
            time.sleep(0.5)
            assert second.poll() is None
            first.kill()
            assert second.communicate()[0].endswith("half and whole\n")
    assert not (tmp_path / "1/a").exists()
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".object"]


async def test_what_a_dead_process_was_fetching_is_cleared(tmp_path: Path, store: Store) -> None:
    cache = ObjectCache(tmp_path / "cache", 1000, store.fetch)
    (tmp_path / "cache").mkdir()
    for name in ("abandoned.partial", "abandoned.partial.etag.part.minio", "abandoned.lock"):
        (tmp_path / "cache" / name).write_bytes(b"half")

    await cache.place("a", tmp_path / "job/a")

    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".object"]


async def test_a_full_disk_is_cleared_of_what_is_unused_and_else_told(tmp_path: Path, store: Store) -> None:
    cache = ObjectCache(tmp_path / "cache", 1000, store.fetch)
    await cache.place("a", tmp_path / "done/a")
    shutil.rmtree(tmp_path / "done")

    async def fetch(key: str, path: Path) -> None:
        if list((tmp_path / "cache").glob("*.object")) or key == "huge":
            raise OSError(errno.ENOSPC, "No space left on device")
        await store.fetch(key, path)

    full = ObjectCache(tmp_path / "cache", 1000, fetch)
    assert (await full.place("b", tmp_path / "job/b")).read_bytes() == b"b......."
    with pytest.raises(ScratchIsFull, match="No space left"):
        await full.place("huge", tmp_path / "job/huge")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".object"]


async def test_what_turned_out_to_be_damaged_is_fetched_anew(tmp_path: Path, store: Store) -> None:
    cache = ObjectCache(tmp_path / "cache", 1000, store.fetch)
    await cache.place("a", tmp_path / "one/a")

    mark_damaged(tmp_path / "one/a")
    await cache.place("a", tmp_path / "two/a")
    await cache.place("a", tmp_path / "three/a")

    assert store.asked == ["a", "a"]
    assert (tmp_path / "one/a").is_file()
