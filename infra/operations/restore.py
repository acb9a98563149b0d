"""A backup into an empty stack: bytes first, then all rows in one transaction, so that it can be repeated."""

from collections.abc import Callable
from pathlib import Path

import asyncpg

from infra.operations.database import count, require_nobody_at_work, tables
from infra.operations.database import restore as restore_database
from infra.operations.errors import BackupIsDamaged, BackupIsNewer, SecretsDiffer, StackIsNotEmpty
from infra.operations.folder import Folder, Snapshot, write_private
from infra.operations.objects import put_back
from infra.operations.schemas import SCHEMAS, is_known
from infra.operations.settings import Settings, losses
from libs.common.db import Database
from libs.common.storage import Storage

Tell = Callable[[str], None]


async def restore(settings: Settings, path: Path, name: str | None, tell: Tell) -> Snapshot:
    """Rooms bring the rest: the relay fills NATS, the reconciler Triton, and newer migrations are made up."""
    folder = Folder(path)
    snapshot = folder.snapshot(name)
    snapshot.require_whole()
    require_same_secrets(settings.secrets, snapshot)
    _require_known(snapshot)
    for lost in losses(snapshot.secrets()):
        tell(lost)
    database, storage = Database(settings.database, "operations"), Storage(settings.storage)
    try:
        async with database.dedicated() as connection:
            await _require_empty(connection)
            await storage.ensure_bucket()
            tell(f"{snapshot.manifest.num_objects:,} objects, {snapshot.manifest.size_bytes:,} bytes")
            await put_back(storage, folder, snapshot.objects())
            tell(f"{sum(snapshot.manifest.rows.values()):,} rows")
            await restore_database(settings.database, snapshot.database)
            await _require_all(connection, snapshot)
        return snapshot
    finally:
        storage.close()
        await database.close()


def require_same_secrets(secrets: dict[str, str], snapshot: Snapshot) -> None:
    """Tokens are stored as hashes under a key, targets of channels sealed: with another key they are worth
    nothing. A stack may have newer keys beside that of the backup."""
    differing = [
        name
        for name, secret in snapshot.secrets().items()
        if not {*secret.split()} <= {*secrets.get(name, "").split()}
    ]
    if differing:
        raise SecretsDiffer(
            f"{', '.join(differing)}: give the stack those in {snapshot.path}/secrets, and start again"
        )


def carry_secrets(snapshot: Snapshot, into: Path) -> None:
    """For a stack that is about to be made; one that has secrets of its own keeps them."""
    snapshot.require_whole()
    carried = snapshot.secrets()
    if other := [name for name, secret in carried.items() if _differs(into / name, secret)]:
        raise StackIsNotEmpty(f"{into} holds another {other[0]}: this stack was started before")
    for name, secret in carried.items():
        write_private(into / name, secret.encode())


def _differs(path: Path, secret: str) -> bool:
    return path.exists() and path.read_text() != secret


def _require_known(snapshot: Snapshot) -> None:
    for schema, revision in snapshot.manifest.revisions.items():
        if not is_known(schema, revision):
            raise BackupIsNewer(
                f"version {snapshot.manifest.version} made it, with migration {revision} of {schema}: "
                "restore with that version or a newer one"
            )


async def _require_empty(connection: asyncpg.Connection) -> None:
    await require_nobody_at_work(connection, SCHEMAS)
    if found := await tables(connection):
        raise StackIsNotEmpty(f"its database holds {found[0]}: rooms have been started here before")


async def _require_all(connection: asyncpg.Connection, snapshot: Snapshot) -> None:
    counted = await count(connection)
    if counted.rows != snapshot.manifest.rows:
        raise BackupIsDamaged("the database does not hold as many rows as the manifest says")
