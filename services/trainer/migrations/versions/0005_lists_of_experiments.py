"""Experiments have a note and a maker, and know their last run and the best that any run has reached."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "trainer"


def upgrade() -> None:
    for column in (
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("dataset_names", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("last_run_id", sa.Uuid()),
        sa.Column("created_by", sa.Text()),
    ):
        op.add_column("experiments", column, schema=SCHEMA)
    for name in ("note", "dataset_names"):
        op.alter_column("experiments", name, server_default=None, schema=SCHEMA)
    for names in (
        ["project_id", "name", "id"],
        ["project_id", "updated_at", "id"],
        ["name", "id"],
        ["updated_at", "id"],
    ):
        op.create_index(
            f"ix_experiments_{'_'.join(names)}", "experiments", names, unique=False, schema=SCHEMA
        )
    _standings()
    _fill()


def _standings() -> None:
    op.create_table(
        "standings",
        sa.Column("experiment_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("best_rank", sa.Double(), nullable=False),
        sa.Column("best_key", sa.Text()),
        sa.Column("best_value", sa.Double()),
        sa.Column("best_run_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("experiment_id", name="pk_standings"),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            [f"{SCHEMA}.experiments.id"],
            name="fk_standings_experiment_id",
            ondelete="CASCADE",
        ),
        schema=SCHEMA,
    )
    for names in (["project_id", "best_rank", "experiment_id"], ["best_rank", "experiment_id"]):
        op.create_index(f"ix_standings_{'_'.join(names)}", "standings", names, unique=False, schema=SCHEMA)


def _fill() -> None:
    """There was one task so far, and its accuracy is what runs were judged by."""
    op.execute("""
        UPDATE trainer.experiments AS e SET
            dataset_names = ARRAY[e.data->>'dataset_name'],
            last_run_id = (
                SELECT r.id FROM trainer.runs r WHERE r.experiment_id = e.id ORDER BY r.id DESC LIMIT 1
            )
    """)
    op.execute("""
        INSERT INTO trainer.standings (experiment_id, project_id, best_rank)
        SELECT id, project_id, '-Infinity' FROM trainer.experiments
    """)
    op.execute("""
        UPDATE trainer.standings AS st
        SET best_rank = best.max_value, best_value = best.max_value, best_key = best.key, best_run_id = best.id
        FROM (
            SELECT DISTINCT ON (r.experiment_id) r.experiment_id, r.id, s.key, s.max_value
            FROM trainer.runs r JOIN trainer.series s ON s.run_id = r.id AND s.key = 'val/accuracy'
            WHERE s.max_value IS NOT NULL
            ORDER BY r.experiment_id, s.max_value DESC, r.id
        ) AS best
        WHERE best.experiment_id = st.experiment_id
    """)
