"""A kept answer knows the project it tells of: who may not see that any more does not get it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("project_id", sa.Uuid()), schema="gateway")


def downgrade() -> None:
    op.drop_column("answers", "project_id", schema="gateway")
