"""Evaluations and their results sample by sample."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "evaluator"
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("model", JSONB(), nullable=False),
        sa.Column("subsets", ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("report", JSONB()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_detail", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
        schema=SCHEMA,
    )
    op.create_index("ix_evaluations_run_id_id", "evaluations", ["run_id", "id"], schema=SCHEMA)
    op.create_index("ix_evaluations_project_id", "evaluations", ["project_id"], schema=SCHEMA)
    op.create_table(
        "results",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subset", sa.Text(), nullable=False),
        sa.Column("correct", sa.Boolean()),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("loss", sa.Float(), nullable=False),
        sa.Column("labels", ARRAY(sa.Text()), nullable=False),
        sa.Column("truth", JSONB(), nullable=False),
        sa.Column("prediction", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("evaluation_id", "position", name="pk_results"),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            [f"{SCHEMA}.evaluations.id"],
            name="fk_results_evaluation_id",
            ondelete="CASCADE",
        ),
        schema=SCHEMA,
    )
    for column in ("score", "loss", "name"):
        columns = ["evaluation_id", column, "position"]
        op.create_index(f"ix_results_{'_'.join(columns)}", "results", columns, schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("results", schema=SCHEMA)
    op.drop_table("evaluations", schema=SCHEMA)
