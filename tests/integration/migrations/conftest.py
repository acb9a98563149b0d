"""Real PostgreSQL for this folder."""

from tests.postgres import database, database_settings

__all__ = ["database", "database_settings"]
