"""A bounded local cache of immutable objects, shared by every job and process of a node.

A job gets a hard link in its own folder: clearing the cache never takes a file away from it, and what a job
still holds is not cleared, since that would free nothing. An object is fetched by one process at a time,
under a lock that the system lets go of when that process dies.
"""

import asyncio
import errno
import fcntl
import hashlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakValueDictionary

from libs.common.errors import ModelyardError

# Writes the object `key` to the path; whatever it raises reaches the caller and nothing is kept.
Fetch = Callable[[str, Path], Awaitable[None]]

SUFFIX, UNFINISHED, LOCK = ".object", ".partial", ".lock"
MAX_CONCURRENT_FETCHES = 4
POLL_SECONDS = 0.1
# Shared by all links of a file, which is how a job's process tells the cache that its copy is no good.
DAMAGED_AT = 0.0


class ScratchIsFull(ModelyardError):
    code, status, title = "scratch_full", 507, "This machine's disk has no room for the samples"


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
        """The object at `path`, whole and read-only; fetched once, also when several jobs ask at once.

        Raises ScratchIsFull where clearing the cache makes no room for it.
        """
        async with self._turns.setdefault(key, asyncio.Lock()):
            while not await asyncio.to_thread(_link, self._entry(key, SUFFIX), path):
                with _claimed(self._entry(key, LOCK)) as is_ours:
                    if is_ours:
                        await self._add(key, path)
                        break
                await asyncio.sleep(POLL_SECONDS)  # another process fetches it
        return path

    async def _add(self, key: str, path: Path) -> None:
        if await asyncio.to_thread(_link, self._entry(key, SUFFIX), path):
            return  # it came between the look and the lock
        partial = self._entry(key, UNFINISHED)
        try:
            async with self._slots:
                await self._fetch_where_there_is_room(key, partial)
            await asyncio.to_thread(self._keep, partial, self._entry(key, SUFFIX), path)
        finally:
            partial.unlink(missing_ok=True)

    async def _fetch_where_there_is_room(self, key: str, partial: Path) -> None:
        try:
            await self._fetch(key, partial)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            await asyncio.to_thread(self._clear, 0)
            try:
                await self._fetch(key, partial)
            except OSError as again:
                raise ScratchIsFull(f"{self._directory}: {again.strerror}") from again

    def _keep(self, partial: Path, entry: Path, path: Path) -> None:
        partial.chmod(0o444)
        with partial.open("rb") as file:
            os.fsync(file.fileno())  # else its name may outlive a power cut that its bytes do not
        _link(partial, path)
        partial.replace(entry)
        self._clear(self._max_bytes)

    def _entry(self, key: str, suffix: str) -> Path:
        return self._directory / (hashlib.sha256(key.encode()).hexdigest() + suffix)

    def _clear(self, max_bytes: int) -> None:
        """The longest unused go first; other processes may clear at the same time."""
        found = self._found()
        for path, _ in found:
            if path.suffix not in (SUFFIX, LOCK):
                self._remove_if_abandoned(path)
        entries = [(path, stat) for path, stat in found if path.suffix == SUFFIX]
        excess_bytes = sum(stat.st_size for _, stat in entries) - max_bytes
        unused = [(path, stat) for path, stat in entries if stat.st_nlink == 1]
        for path, stat in sorted(unused, key=lambda entry: entry[1].st_mtime):
            if excess_bytes <= 0:
                return
            excess_bytes -= stat.st_size
            path.unlink(missing_ok=True)

    def _remove_if_abandoned(self, path: Path) -> None:
        """What a process that died was fetching; whoever fetches it now holds its lock."""
        key_hash = path.name.partition(".")[0]
        with _claimed(self._directory / (key_hash + LOCK)) as is_ours:
            if is_ours:
                path.unlink(missing_ok=True)

    def _found(self) -> list[tuple[Path, os.stat_result]]:
        """What vanishes meanwhile is left out."""
        found = []
        with os.scandir(self._directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    found.append((Path(entry.path), entry.stat()))
        return found


@contextmanager
def _claimed(lock: Path) -> Iterator[bool]:
    """Whether it is ours until the end of the block; False while another process has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        is_ours = _is_locked_by(descriptor) and _is_still_at(lock, descriptor)
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_locked_by(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still_at(path: Path, descriptor: int) -> bool:
    """False when its owner was done, and removed it, between our opening and our locking it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def mark_damaged(path: Path) -> None:
    """What was placed there is fetched anew when it is next asked for; jobs that hold it keep it."""
    with suppress(OSError):
        os.utime(path, (DAMAGED_AT, DAMAGED_AT))


def _link(entry: Path, path: Path) -> bool:
    """False when the cache does not have it (any more)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    try:
        if entry.stat().st_mtime == DAMAGED_AT:
            entry.unlink(missing_ok=True)
            return False
        path.hardlink_to(entry)
    except FileNotFoundError:
        return False
    os.utime(path)
    return True
