"""Channels with the built-in log, and deliveries."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "notifier"
TIME = sa.DateTime(timezone=True)
# The same in every installation.
LOG_CHANNEL = UUID("01990000-0000-7000-8000-000000000001")


def upgrade() -> None:
    channels = op.create_table(
        "channels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
        sa.UniqueConstraint("name", name="uq_channels_name"),
        schema=SCHEMA,
    )
    op.execute(
        sa.insert(channels).values(
            id=LOG_CHANNEL, kind="log", name="log", facts=[], created_at=sa.func.clock_timestamp()
        )
    )
    _deliveries()


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("fact_type", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Uuid()),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("channel_id", "fact_id", name="uq_deliveries_channel_id_fact_id"),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            [f"{SCHEMA}.channels.id"],
            name="fk_deliveries_channel_id",
            ondelete="CASCADE",
        ),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("deliveries", schema=SCHEMA)
    op.drop_table("channels", schema=SCHEMA)
