"""Pages of a project's evaluations are read in the order of an index."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "evaluator"


def upgrade() -> None:
    op.drop_index("ix_evaluations_project_id", "evaluations", schema=SCHEMA)
    op.create_index("ix_evaluations_project_id_id", "evaluations", ["project_id", "id"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_index("ix_evaluations_project_id_id", "evaluations", schema=SCHEMA)
    op.create_index("ix_evaluations_project_id", "evaluations", ["project_id"], schema=SCHEMA)
