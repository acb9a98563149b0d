"""Jobs that take several devices of one node at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("num_devices", sa.Integer, nullable=False, server_default="1"),
        sa.Column("also_devices", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")),
    ):
        op.add_column("job", column, schema="platform")
