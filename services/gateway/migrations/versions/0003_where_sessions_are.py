"""Sessions tell where from and when they were seen last; of those of before that is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = ("address", "agent", "last_seen_at")


def upgrade() -> None:
    for name in COLUMNS[:2]:
        op.add_column("sessions", sa.Column(name, sa.Text()), schema="gateway")
    op.add_column("sessions", sa.Column("last_seen_at", sa.DateTime(timezone=True)), schema="gateway")


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("sessions", name, schema="gateway")
