"""What has ended of a project is read in the order of an index."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_job_project_ended",
        "job",
        ["project_id", "finished_at", "id"],
        schema="platform",
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
