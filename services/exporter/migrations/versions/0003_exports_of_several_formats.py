"""Exports have a precision and say what they may lose; they are listed by project, too."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "exporter"


def upgrade() -> None:
    precision = sa.Column("precision", sa.Text(), nullable=False, server_default="fp32")
    op.add_column("exports", precision, schema=SCHEMA)
    op.alter_column("exports", "precision", server_default=None, schema=SCHEMA)
    op.add_column("exports", sa.Column("metric_tolerance", sa.Double()), schema=SCHEMA)
    op.drop_index("ix_exports_project_id", "exports", schema=SCHEMA)
    op.create_index("ix_exports_project_id_id", "exports", ["project_id", "id"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_index("ix_exports_project_id_id", "exports", schema=SCHEMA)
    op.create_index("ix_exports_project_id", "exports", ["project_id"], schema=SCHEMA)
    op.drop_column("exports", "metric_tolerance", schema=SCHEMA)
    op.drop_column("exports", "precision", schema=SCHEMA)
