"""The Alembic history of the inference schema."""
