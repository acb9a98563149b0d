"""Bytes of what was deleted are named here, and go after their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "exporter"


def upgrade() -> None:
    op.create_table(
        "trash",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("prefix", name="pk_trash"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("trash", schema=SCHEMA)
