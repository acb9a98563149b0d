"""Splits of several datasets as one manifest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "datasets"


def upgrade() -> None:
    op.create_table(
        "combinations",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("subset_counts", JSONB(), nullable=False),
        sa.Column("num_left_out", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_combinations"),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            [f"{SCHEMA}.datasets.id"],
            name="fk_combinations_dataset_id",
            ondelete="CASCADE",
        ),
        schema=SCHEMA,
    )
    op.create_index("ix_combinations_dataset_id", "combinations", ["dataset_id"], unique=False, schema=SCHEMA)
