"""What pages of results are picked by lies in columns; what is evaluated on which device is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "evaluator"
SORTS = ("score", "loss", "name")


def upgrade() -> None:
    op.add_column("evaluations", sa.Column("batch_size", sa.BigInteger()), schema=SCHEMA)
    op.add_column("evaluations", sa.Column("device", sa.Text()), schema=SCHEMA)
    op.alter_column("evaluations", "report", type_=sa.JSON(), postgresql_using="report::json", schema=SCHEMA)
    op.add_column("results", sa.Column("confidence", sa.Float()), schema=SCHEMA)
    op.drop_column("results", "labels", schema=SCHEMA)
    op.drop_constraint("fk_results_evaluation_id", "results", schema=SCHEMA)
    for column in SORTS:
        op.drop_index(f"ix_results_evaluation_id_{column}_position", "results", schema=SCHEMA)
    op.alter_column("results", "loss", nullable=True, schema=SCHEMA)
    op.execute("UPDATE evaluator.results SET loss = NULL WHERE loss = '-infinity'")
    op.create_table(
        "columns",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("evaluation_id", "name", "part", name="pk_columns"),
        schema=SCHEMA,
    )
    # As it is: to compress numbers takes longer than to read them.
    op.execute("ALTER TABLE evaluator.columns ALTER data SET STORAGE EXTERNAL")
    op.create_table(
        "leftovers",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("evaluation_id", name="pk_leftovers"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("leftovers", schema=SCHEMA)
    op.drop_table("columns", schema=SCHEMA)
    op.execute(
        "DELETE FROM evaluator.results WHERE evaluation_id NOT IN (SELECT id FROM evaluator.evaluations)"
    )
    op.execute("UPDATE evaluator.results SET loss = '-infinity' WHERE loss IS NULL")
    op.alter_column("results", "loss", nullable=False, schema=SCHEMA)
    for column in SORTS:
        columns = ["evaluation_id", column, "position"]
        op.create_index(f"ix_results_{'_'.join(columns)}", "results", columns, schema=SCHEMA)
    op.create_foreign_key(
        "fk_results_evaluation_id",
        "results",
        "evaluations",
        ["evaluation_id"],
        ["id"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
        ondelete="CASCADE",
    )
    labels = sa.Column("labels", sa.ARRAY(sa.Text()), nullable=False, server_default="{}")
    op.add_column("results", labels, schema=SCHEMA)
    op.alter_column("results", "labels", server_default=None, schema=SCHEMA)
    op.drop_column("results", "confidence", schema=SCHEMA)
    op.alter_column("evaluations", "report", type_=JSONB(), postgresql_using="report::jsonb", schema=SCHEMA)
    op.drop_column("evaluations", "device", schema=SCHEMA)
    op.drop_column("evaluations", "batch_size", schema=SCHEMA)
