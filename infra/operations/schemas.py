"""The schemas of a stack and their migrations, known by name: operations load no room."""

from alembic.util.exc import CommandError
from sqlalchemy import MetaData

from libs.common.db import PLATFORM, Schema
from libs.common.db.schema import script_directory

ROOMS = ("gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier")
SCHEMAS = ("platform", *ROOMS)


def schema(name: str) -> Schema:
    """Migrations only: nothing is compared with tables here."""
    if name == PLATFORM.name:
        return PLATFORM
    return Schema(name, MetaData(schema=name), f"services.{name}.migrations")


def is_known(name: str, revision: str) -> bool:
    if name not in SCHEMAS:
        return False
    try:
        return script_directory(schema(name)).get_revision(revision) is not None
    except CommandError:
        return False
