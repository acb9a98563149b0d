"""Nodes, how they are and were, alerts, and the energy of runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "trainer"
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("teller", sa.Text(), nullable=False),
        sa.Column("told_at", TIME, nullable=False),
        sa.Column("reading", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_nodes"),
        schema=SCHEMA,
    )
    op.create_table(
        "readings",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("use", sa.Double()),
        sa.Column("memory", sa.Double()),
        sa.Column("temperature_celsius", sa.Double()),
        sa.Column("power_watts", sa.Double()),
        sa.PrimaryKeyConstraint("node", "seconds", "part", "at", name="pk_readings"),
        schema=SCHEMA,
    )
    op.create_index("ix_readings_seconds_at", "readings", ["seconds", "at"], unique=False, schema=SCHEMA)
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("cleared_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        schema=SCHEMA,
    )
    op.create_index("ix_alerts_node_id", "alerts", ["node", "id"], unique=False, schema=SCHEMA)
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["node", "part", "kind"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    op.create_table(
        "run_energy",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("joules", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["trainer.runs.id"], name="fk_run_energy_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_energy"),
        schema=SCHEMA,
    )
