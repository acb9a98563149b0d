"""Runs that repeat others, what they were carried out with, and logs that were put away."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "trainer"


def upgrade() -> None:
    op.add_column("runs", sa.Column("reproduces", sa.Uuid()), schema=SCHEMA)
    op.add_column("runs", sa.Column("environment", JSONB()), schema=SCHEMA)
    op.add_column(
        "runs", sa.Column("warnings", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"), schema=SCHEMA
    )
    op.alter_column("runs", "warnings", server_default=None, schema=SCHEMA)
    op.create_table(
        "log_files",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("blocks", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["trainer.runs.id"], name="fk_log_files_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "attempt", "first_seq", name="pk_log_files"),
        schema=SCHEMA,
    )
