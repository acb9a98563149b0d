"""Limits by pool, a queue that is paused, and the history of what has ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "platform"


def upgrade() -> None:
    op.alter_column("job_limit", "max_running", nullable=True, schema=SCHEMA)
    for column in (
        sa.Column("max_running_by_pool", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("is_paused", sa.Boolean, nullable=False, server_default=sa.text("false")),
    ):
        op.add_column("job_limit", column, schema=SCHEMA)
    op.create_index(
        "ix_job_ended",
        "job",
        [sa.text("finished_at DESC"), sa.text("id DESC")],
        schema=SCHEMA,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
