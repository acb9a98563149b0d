"""Deployments and their revisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deployments",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("desired_revision", sa.BigInteger(), nullable=False),
        sa.Column("serving_revision", sa.BigInteger()),
        sa.Column("failed_revision", sa.BigInteger()),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_deployments"),
        schema="inference",
    )
    op.create_index("ix_deployments_project_id", "deployments", ["project_id"], schema="inference")
    op.create_table(
        "revisions",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("version", JSONB(), nullable=False),
        sa.Column("is_rollback", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "revision", name="pk_revisions"),
        sa.ForeignKeyConstraint(
            ["deployment"],
            ["inference.deployments.name"],
            name="fk_revisions_deployment",
            ondelete="CASCADE",
        ),
        schema="inference",
    )


def downgrade() -> None:
    op.drop_table("revisions", schema="inference")
    op.drop_table("deployments", schema="inference")
