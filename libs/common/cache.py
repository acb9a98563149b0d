"""A bounded local cache of immutable objects, shared by every job and process of a node.

A job gets a hard link in its own folder, so that clearing the cache never takes a file away from it.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from libs.common.ids import new_id

# Writes the object `key` to the path; whatever it raises reaches the caller and nothing is kept.
Fetch = Callable[[str, Path], Awaitable[None]]

SUFFIX = ".object"
MAX_CONCURRENT_FETCHES = 4
ABANDONED_AFTER_SECONDS = 24 * 3600.0


class ObjectCache:
    """`directory` and the jobs' folders lie on one file system, since links cannot cross two."""

    def __init__(self, directory: Path, max_bytes: int, fetch: Fetch) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._fetch = fetch
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_FETCHES)

    async def place_all(self, paths: Mapping[str, Path]) -> None:
        """Every object at its path (key → path); the first that cannot be fetched ends the others."""
        try:
            async with asyncio.TaskGroup() as group:
                for key, path in paths.items():
                    group.create_task(self.place(key, path))
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None

    async def place(self, key: str, path: Path) -> Path:
        """The object at `path`, whole and read-only; fetched once, also when several jobs ask at once."""
        async with self._turns.setdefault(key, asyncio.Lock()):
            if not await asyncio.to_thread(_link, self._entry(key), path):
                await self._add(key, path)
        return path

    async def _add(self, key: str, path: Path) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        partial = self._directory / f"{new_id()}.partial"
        try:
            async with self._slots:
                await self._fetch(key, partial)
            await asyncio.to_thread(self._keep, partial, self._entry(key), path)
        finally:
            partial.unlink(missing_ok=True)

    def _keep(self, partial: Path, entry: Path, path: Path) -> None:
        partial.chmod(0o444)
        _link(partial, path)
        partial.replace(entry)
        self._clear()

    def _entry(self, key: str) -> Path:
        return self._directory / (hashlib.sha256(key.encode()).hexdigest() + SUFFIX)

    def _clear(self) -> None:
        """The longest unused go first; other processes may clear at the same time."""
        entries = [(found.stat(), Path(found)) for found in self._found()]
        excess_bytes = sum(stat.st_size for stat, path in entries if path.suffix == SUFFIX) - self._max_bytes
        oldest_partial = time.time() - ABANDONED_AFTER_SECONDS
        for stat, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
            if path.suffix == SUFFIX and excess_bytes > 0:
                excess_bytes -= stat.st_size
                path.unlink(missing_ok=True)
            elif path.suffix != SUFFIX and stat.st_mtime < oldest_partial:
                path.unlink(missing_ok=True)

    def _found(self) -> list[os.DirEntry[str]]:
        """With their sizes already read; what vanishes meanwhile is left out."""
        found = []
        with os.scandir(self._directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    entry.stat()
                    found.append(entry)
        return found


def _link(entry: Path, path: Path) -> bool:
    """False when the cache does not have it (any more)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    try:
        path.hardlink_to(entry)
    except FileNotFoundError:
        return False
    os.utime(path)
    return True
