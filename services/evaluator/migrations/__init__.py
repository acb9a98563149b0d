"""The Alembic history of the evaluator's schema."""
