"""The Alembic history of the platform schema."""
