"""A deployment's main version and the one on trial as rows of one kind; settings of revisions; traffic."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOVED = ("serving_revision", "failed_revision", "failed_at", "state", "reason", "updated_at")


def upgrade() -> None:
    op.create_table(
        "slots",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("is_canary", sa.Boolean(), nullable=False),
        sa.Column("percent", sa.BigInteger()),
        sa.Column("desired_revision", sa.BigInteger(), nullable=False),
        sa.Column("serving_revision", sa.BigInteger()),
        sa.Column("failed_revision", sa.BigInteger()),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "is_canary", name="pk_slots"),
        _of_a_deployment("slots"),
        schema="inference",
    )
    op.execute(
        "INSERT INTO inference.slots (deployment, is_canary, desired_revision, serving_revision, failed_revision, "
        "failed_at, state, reason, updated_at) SELECT name, false, desired_revision, serving_revision, "
        "failed_revision, failed_at, state, reason, updated_at FROM inference.deployments WHERE NOT is_deleted"
    )
    op.alter_column("deployments", "desired_revision", new_column_name="last_revision", schema="inference")
    for column in MOVED:
        op.drop_column("deployments", column, schema="inference")
    for column in (
        sa.Column("settings", JSONB(), nullable=False, server_default="{}"),
        sa.Column("is_canary", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("revisions", column, schema="inference")
        op.alter_column("revisions", column.name, server_default=None, schema="inference")
    op.create_table(
        "traffic",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("instance", sa.Uuid(), nullable=False),
        sa.Column("num_requests", sa.BigInteger(), nullable=False),
        sa.Column("num_images", sa.BigInteger(), nullable=False),
        sa.Column("errors", JSONB(), nullable=False),
        sa.Column("buckets", ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "at", "model", "version", "instance", name="pk_traffic"),
        _of_a_deployment("traffic"),
        schema="inference",
    )


def _of_a_deployment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["deployment"], ["inference.deployments.name"], name=f"fk_{table}_deployment", ondelete="CASCADE"
    )


def downgrade() -> None:
    op.drop_table("traffic", schema="inference")
    for column in ("is_canary", "settings"):
        op.drop_column("revisions", column, schema="inference")
    op.alter_column("deployments", "last_revision", new_column_name="desired_revision", schema="inference")
    for column in (
        sa.Column("serving_revision", sa.BigInteger()),
        sa.Column("failed_revision", sa.BigInteger()),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text(), nullable=False, server_default=""),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    ):
        op.add_column("deployments", column, schema="inference")
    op.execute(
        "UPDATE inference.deployments AS d SET desired_revision = s.desired_revision, "
        "serving_revision = s.serving_revision, failed_revision = s.failed_revision, failed_at = s.failed_at, "
        "state = s.state, reason = s.reason, updated_at = s.updated_at FROM inference.slots AS s "
        "WHERE s.deployment = d.name AND NOT s.is_canary"
    )
    op.drop_table("slots", schema="inference")
