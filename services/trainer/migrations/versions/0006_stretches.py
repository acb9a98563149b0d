"""Extremes of stretches of steps, so that the chart of a million points reads thousands of rows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "trainer"
FILL = """
    INSERT INTO trainer.stretches (series_id, number, low, high)
    SELECT series_id, step / 128, min(ARRAY[value, step]), max(ARRAY[value, step])
    FROM trainer.points WHERE value <> 'NaN' GROUP BY 1, 2
"""


def upgrade() -> None:
    op.create_table(
        "stretches",
        sa.Column("series_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low", sa.ARRAY(sa.Double()), nullable=False),
        sa.Column("high", sa.ARRAY(sa.Double()), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "number", name="pk_stretches"),
        schema=SCHEMA,
    )
    op.execute(FILL)
