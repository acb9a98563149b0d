"""When a revision was first seen to answer."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("served_at", sa.DateTime(timezone=True)), schema="inference")
    op.execute(
        "UPDATE inference.revisions AS r SET served_at = d.updated_at FROM inference.deployments AS d "
        "WHERE d.name = r.deployment AND r.revision <= d.serving_revision"
    )


def downgrade() -> None:
    op.drop_column("revisions", "served_at", schema="inference")
