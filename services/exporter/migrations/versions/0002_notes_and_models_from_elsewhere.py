"""Models and versions with notes, numbers that are never given out again, and models from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "exporter"
# Of an export each version has; of a file from elsewhere none.
OF_EXPORTS = ("run_id", "export_id", "parity")


def upgrade() -> None:
    _add("models", "note", sa.Text(), "''")
    _add("models", "last_number", sa.BigInteger(), "latest_version")
    _add("versions", "note", sa.Text(), "''")
    _add("versions", "origin", sa.Text(), "'export'")
    _add("versions", "precision", sa.Text(), "'fp32'")
    for name in OF_EXPORTS:
        op.alter_column("versions", name, nullable=True, schema=SCHEMA)
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        schema=SCHEMA,
    )
    op.create_index("ix_imports_project_id", "imports", ["project_id"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("imports", schema=SCHEMA)
    op.execute(f"DELETE FROM {SCHEMA}.versions WHERE origin = 'upload'")  # noqa: S608 (words of this file)
    for name in OF_EXPORTS:
        op.alter_column("versions", name, nullable=False, schema=SCHEMA)
    for table, name in (
        ("versions", "precision"),
        ("versions", "origin"),
        ("versions", "note"),
        ("models", "last_number"),
        ("models", "note"),
    ):
        op.drop_column(table, name, schema=SCHEMA)


def _add(table: str, name: str, kind: sa.types.TypeEngine, value: str) -> None:
    """A column that no row leaves empty; those that are there get `value`."""
    op.add_column(table, sa.Column(name, kind), schema=SCHEMA)
    op.execute(f"UPDATE {SCHEMA}.{table} SET {name} = {value}")  # noqa: S608 (words of this file)
    op.alter_column(table, name, nullable=False, schema=SCHEMA)
