"""The Alembic history of the exporter's schema."""
