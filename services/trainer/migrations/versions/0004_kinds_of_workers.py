"""Which kinds of work a worker does, so that the queue can say what waits for nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "trainer"


def upgrade() -> None:
    kinds = sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False, server_default="{}")
    op.add_column("workers", kinds, schema=SCHEMA)
