"""Another version of ours over the same stack: a backup, then every migration in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from infra.operations.backup import back_up
from infra.operations.database import require_nobody_at_work, revisions
from infra.operations.errors import MigrationFailed
from infra.operations.folder import Snapshot
from infra.operations.schemas import ROOMS, schema
from infra.operations.settings import Settings
from libs.common.db import Database, migrate

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Upgraded:
    """By schema: its migration before and after; the version of ours that each was made with."""

    before: dict[str, str]
    after: dict[str, str]
    backup: Snapshot


async def upgrade(settings: Settings, path: Path, keep: int, tell: Tell) -> Upgraded:
    """Refused while rooms run: they would see tables change under them."""
    database = Database(settings.database, "operations")
    try:
        async with database.dedicated() as connection:
            await require_nobody_at_work(connection, ROOMS)
            before = await revisions(connection)
        made = await back_up(settings, path, keep, tell)
        tell(f"backup {made.name} is made; now the migrations")
        await _migrate(database, made)
        async with database.dedicated() as connection:
            return Upgraded(before, await revisions(connection), made)
    finally:
        await database.close()


async def _migrate(database: Database, made: Snapshot) -> None:
    try:
        await migrate(database, *map(schema, ROOMS))
    except (DBAPIError, CommandError) as error:
        raise MigrationFailed(
            f"{error}\nNothing was changed: the version before goes on with this stack. "
            f"Should that fail, too, restore {made.name} into an empty stack."
        ) from error
