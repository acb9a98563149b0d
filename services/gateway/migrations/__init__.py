"""The Alembic history of the gateway's schema."""
