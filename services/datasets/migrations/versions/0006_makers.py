"""Who made an upload or a look at a source: before there is a project, it is theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "datasets"


def upgrade() -> None:
    for table in ("uploads", "detections"):
        op.add_column(table, sa.Column("made_by", sa.Uuid(), nullable=True), schema=SCHEMA)
