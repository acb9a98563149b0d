"""Splits say how many groups an earlier one left in several subsets."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "datasets"


def upgrade() -> None:
    column = sa.Column("num_torn_groups", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    op.add_column("splits", column, schema=SCHEMA)
    op.alter_column("splits", "num_torn_groups", server_default=None, schema=SCHEMA)
