"""PostgreSQL for rooms: transactions, schemas and their histories, outbox and inbox."""

from libs.common.db.database import Database, DatabaseUnavailable, copy_records
from libs.common.db.schema import COLUMN_TYPES, PLATFORM, Schema, migrate, room_metadata

__all__ = [
    "COLUMN_TYPES",
    "PLATFORM",
    "Database",
    "DatabaseUnavailable",
    "Schema",
    "copy_records",
    "migrate",
    "room_metadata",
]
