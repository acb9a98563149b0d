"""Points of old runs in files, and settings that people change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "point_files",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("num_points", sa.BigInteger(), nullable=False),
        sa.Column("is_behind", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["trainer.runs.id"], name="fk_point_files_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_point_files"),
        schema="trainer",
    )
    op.create_index("ix_runs_finished_at", "runs", ["finished_at"], schema="trainer")
    op.create_table(
        "settings",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("changed", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("section", name="pk_settings"),
        schema="trainer",
    )
