"""The Alembic history of the notifier's schema."""
