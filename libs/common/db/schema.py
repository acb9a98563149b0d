"""One PostgreSQL schema and one Alembic history per room, brought up to date when the room starts."""

from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Connection, DateTime, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import CreateSchema

from libs.common.db.database import Database

MIGRATION_LOCK = 0x6D6F64656C01
ENVIRONMENT = Path(__file__).parent / "environment"

# For `type_annotation_map` of a room's tables: times carry a zone, text has no length, JSON is jsonb.
COLUMN_TYPES: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    UUID: Uuid(),
    str: Text(),
    int: BigInteger(),
    dict[str, Any]: JSONB(),
    list[Any]: JSONB(),
}
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# Rooms share the platform's: whoever of them makes a table there makes it for all.
OWNER = text("""
    SELECT quote_ident(pg_get_userbyid(nspowner)) FROM pg_namespace
    WHERE nspname = :name AND pg_has_role(nspowner, 'MEMBER')
""")


@dataclass(frozen=True)
class Schema:
    """`migrations_package` holds only `versions/NNNN_*.py`; the environment is shared."""

    name: str
    metadata: MetaData
    migrations_package: str


def room_metadata(schema: str) -> MetaData:
    return MetaData(schema=schema, naming_convention=NAMING)


PLATFORM = Schema("platform", room_metadata("platform"), "libs.common.db.migrations")


async def migrate(database: Database, *schemas: Schema) -> None:
    """The platform schema first, then the given ones; rooms that start together take turns."""
    async with database.engine.begin() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        for schema in (PLATFORM, *schemas):
            # Asked first: a room's own role may use its schema but not create one.
            if not await connection.scalar(
                text("SELECT to_regnamespace(:name)::text"), {"name": schema.name}
            ):
                await connection.execute(CreateSchema(schema.name))
            if owner := await connection.scalar(OWNER, {"name": schema.name}):
                await connection.execute(text(f"SET LOCAL ROLE {owner}"))
            await connection.run_sync(_upgrade, schema)
            await connection.execute(text("RESET ROLE"))


def alembic_config(connection: Connection, schema: Schema) -> Config:
    """For Alembic's commands (`upgrade`, `check`, `revision`) on one schema over an open connection."""
    config = _config(schema)
    config.attributes.update(connection=connection, schema=schema)
    return config


def script_directory(schema: Schema) -> ScriptDirectory:
    """Its migrations as they lie on the disk; no database is asked."""
    return ScriptDirectory.from_config(_config(schema))


def _config(schema: Schema) -> Config:
    spec = find_spec(schema.migrations_package)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"{schema.migrations_package} is not a package")
    config = Config()
    config.set_main_option("script_location", _escaped(ENVIRONMENT))
    config.set_main_option("path_separator", "newline")
    config.set_main_option(
        "version_locations", _escaped(Path(spec.submodule_search_locations[0]) / "versions")
    )
    return config


def _upgrade(connection: Connection, schema: Schema) -> None:
    command.upgrade(alembic_config(connection, schema), "head")


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
