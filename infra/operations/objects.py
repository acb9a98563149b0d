"""Bytes between the object store and a folder of backups; both sides only add whole, immutable objects."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from infra.operations.errors import BackupIsDamaged, FolderHasNoSpace, StackIsNotEmpty
from infra.operations.folder import Folder, Kept, sha256_of
from libs.common import artifacts
from libs.common.storage import ObjectNotFound, Storage, StoredObject

AT_ONCE = 8
# For the database's dump, and for whoever else is on the disk.
SPARE_BYTES = 256 * 2**20
Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Taken:
    """What lies in the folder now, how many bytes of it are new, and what was gone before it was copied."""

    kept: tuple[Kept, ...]
    copied_bytes: int
    vanished: tuple[str, ...]


async def listed(storage: Storage) -> dict[str, StoredObject]:
    """What may belong to a row: an archive that a deployment is asked about is gone with the answer."""
    found = await storage.list_objects("")
    return {each.key: each for each in found if not each.key.startswith(artifacts.LABELLED_SAMPLES)}


async def take(
    storage: Storage, folder: Folder, wanted: Collection[StoredObject], known: Mapping[str, Kept]
) -> Taken:
    """Copies what the folder has not; a file that is there is whole, since it was moved into its place."""
    missing = {each.key: each.size_bytes for each in wanted if not _is_there(folder, each)}
    _require_space(folder, sum(missing.values()))

    async def take_one(found: StoredObject) -> Kept | None:
        path = folder.object_path(found.key)
        if found.key in missing:
            try:
                await storage.get_file(found.key, path)
            except ObjectNotFound:
                return None
        elif found.key in known:
            return known[found.key]
        return Kept(found.key, path.stat().st_size, await asyncio.to_thread(sha256_of, path))

    taken = await _some_at_once(take_one, wanted)
    kept = tuple(each for each in taken if each is not None)
    vanished = {each.key for each in wanted} - {each.key for each in kept}
    copied = sum(size for key, size in missing.items() if key not in vanished)
    return Taken(kept, copied, tuple(sorted(vanished)))


async def check(folder: Folder, objects: Iterable[Kept]) -> None:
    """Raises BackupIsDamaged, naming the first that is missing or changed."""

    async def check_one(kept: Kept) -> None:
        await asyncio.to_thread(_require_as_it_was, folder, kept)

    await _some_at_once(check_one, objects)


async def put_back(storage: Storage, folder: Folder, objects: Collection[Kept]) -> None:
    """What an earlier try has stored is not sent again; what is not of this backup is refused."""
    stored = {each.key: each.size_bytes for each in await storage.list_objects("")}
    if foreign := stored.keys() - {kept.key for kept in objects}:
        raise StackIsNotEmpty(f"its object store holds {min(foreign)}, which is not of this backup")

    async def put_one(kept: Kept) -> None:
        await asyncio.to_thread(_require_as_it_was, folder, kept)
        if stored.get(kept.key) != kept.size_bytes:
            await storage.put_file(kept.key, folder.object_path(kept.key))

    await _some_at_once(put_one, objects)


def _is_there(folder: Folder, found: StoredObject) -> bool:
    path = folder.object_path(found.key)
    return path.is_file() and path.stat().st_size == found.size_bytes


def _require_space(folder: Folder, needed_bytes: int) -> None:
    free = shutil.disk_usage(folder.path).free
    if needed_bytes + SPARE_BYTES > free:
        raise FolderHasNoSpace(
            f"{needed_bytes + SPARE_BYTES:,} bytes are needed in {folder.path}, {free:,} are free"
        )


def _require_as_it_was(folder: Folder, kept: Kept) -> None:
    path = folder.object_path(kept.key)
    if not path.is_file():
        raise BackupIsDamaged(f"the bytes of {kept.key} are missing")
    if path.stat().st_size != kept.size_bytes or sha256_of(path) != kept.sha256:
        raise BackupIsDamaged(f"the bytes of {kept.key} were changed")


async def _some_at_once(function: Callable[[Given], Awaitable[Made]], given: Iterable[Given]) -> list[Made]:
    """The first error ends the others."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(each: Given) -> Made:
        async with turns:
            return await function(each)

    tasks = [asyncio.ensure_future(one(each)) for each in given]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
