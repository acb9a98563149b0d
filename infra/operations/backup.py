"""A backup of a stack that runs: rows first, then the bytes that they may name, the manifest last."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import asyncpg

from infra.operations.database import Counted, bytes_held, dump
from infra.operations.errors import BytesVanish
from infra.operations.folder import (
    DATABASE,
    Folder,
    Kept,
    Manifest,
    Snapshot,
    checksums,
    write_objects,
    write_private,
)
from infra.operations.objects import Taken, check, listed, take
from infra.operations.settings import Settings, losses
from libs.common.contracts.base import now
from libs.common.db import Database
from libs.common.storage import Storage

# Collectors wait for the backup; only what people delete meanwhile makes another round, which copies little.
MAX_ROUNDS = 5
Tell = Callable[[str], None]


async def back_up(settings: Settings, path: Path, keep: int, tell: Tell) -> Snapshot:
    """The snapshot it made. Killed at any moment it leaves the snapshots before as they were."""
    folder, storage = Folder(path), Storage(settings.storage)
    database = Database(settings.database, "operations")
    try:
        with folder.opened():
            async with bytes_held(database) as connection:
                made = await _Backup(settings, folder, storage, connection, tell).make()
            if forgotten := folder.forget(keep):
                tell(f"{forgotten} older backups were removed")
            return made
    finally:
        storage.close()
        await database.close()


async def verify(path: Path, name: str | None) -> Snapshot:
    """Every checksum of one snapshot, bytes included."""
    folder = Folder(path)
    found = folder.snapshot(name)
    found.require_whole()
    await check(folder, found.objects())
    return found


class _Backup:
    def __init__(
        self,
        settings: Settings,
        folder: Folder,
        storage: Storage,
        connection: asyncpg.Connection,
        tell: Tell,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._storage = storage
        self._connection = connection
        self._tell = tell

    async def make(self) -> Snapshot:
        at = now()
        draft = self._folder.begin(at)
        known = self._folder.known()
        for _ in range(MAX_ROUNDS):
            counted, taken = await self._round(draft, known)
            known |= {kept.key: kept for kept in taken.kept}
            if not taken.vanished:
                return self._finish(draft, Manifest.model_validate(_told(at, counted, taken)), taken)
            self._tell(f"{len(taken.vanished)} objects were deleted meanwhile: once more")
        raise BytesVanish("try again while less is deleted")

    async def _round(self, draft: Path, known: dict[str, Kept]) -> tuple[Counted, Taken]:
        """Listed before the rows and after: what the rows name was there at one of the two, or between."""
        found = await listed(self._storage)
        counted = await dump(self._connection, self._settings.database, draft / DATABASE)
        found |= await listed(self._storage)
        self._tell(f"{sum(counted.rows.values()):,} rows, {len(found):,} objects")
        return counted, await take(self._storage, self._folder, found.values(), known)

    def _finish(self, draft: Path, manifest: Manifest, taken: Taken) -> Snapshot:
        self._tell(f"{taken.copied_bytes:,} bytes copied, the others were here already")
        write_objects(draft, taken.kept)
        for lost in losses(self._settings.secrets):
            self._tell(lost)
        for name, secret in self._settings.secrets.items():
            write_private(draft / "secrets" / name, secret.encode())
        return self._folder.finish(draft, manifest.model_copy(update={"files": checksums(draft)}))


def _told(at: object, counted: Counted, taken: Taken) -> dict[str, object]:
    return {
        "version": version("modelyard"),
        "made_at": at,
        "revisions": counted.revisions,
        "rows": counted.rows,
        "num_objects": len(taken.kept),
        "size_bytes": sum(each.size_bytes for each in taken.kept),
        "files": {},
    }
