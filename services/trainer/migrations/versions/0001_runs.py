"""Experiments, runs and what they leave."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "trainer"
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _runs()
    _measurements()
    _others()


def _runs() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("config", JSONB(), nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("num_runs", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_experiments_project_id_id", "experiments", ["project_id", "id"], unique=False, schema=SCHEMA
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("experiment_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("then", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("config", JSONB(), nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("wanted_device", sa.Text(), nullable=False),
        sa.Column("device", sa.Text()),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("progress", JSONB()),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.Column("num_epochs", sa.BigInteger(), nullable=False),
        sa.Column("num_steps", sa.BigInteger(), nullable=False),
        sa.Column("package", sa.Text()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_detail", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["trainer.experiments.id"], name="fk_runs_experiment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        schema=SCHEMA,
    )
    op.create_index("ix_runs_experiment_id_id", "runs", ["experiment_id", "id"], unique=False, schema=SCHEMA)
    op.create_index("ix_runs_job_id", "runs", ["job_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_runs_project_id_id", "runs", ["project_id", "id"], unique=False, schema=SCHEMA)
    op.create_index("ix_runs_state_id", "runs", ["state", "id"], unique=False, schema=SCHEMA)
    op.create_table(
        "transitions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["trainer.runs.id"], name="fk_transitions_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
        schema=SCHEMA,
    )
    op.create_index("ix_transitions_run_id_id", "transitions", ["run_id", "id"], unique=False, schema=SCHEMA)
    op.create_table(
        "attempts",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("resume", sa.Text()),
        sa.Column("resume_epoch", sa.BigInteger(), nullable=False),
        sa.Column("resume_step", sa.BigInteger(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["trainer.runs.id"], name="fk_attempts_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_attempts"),
        schema=SCHEMA,
    )
    op.create_index("uq_attempts_token", "attempts", ["token"], unique=True, schema=SCHEMA)
    op.create_table(
        "checkpoints",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("package", sa.Text(), nullable=False),
        sa.Column("resume", sa.Text()),
        sa.Column("metrics", JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["trainer.runs.id"], name="fk_checkpoints_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_checkpoints"),
        schema=SCHEMA,
    )


def _measurements() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger()),
        sa.Column("last_value", sa.Double()),
        sa.Column("min_step", sa.BigInteger()),
        sa.Column("min_value", sa.Double()),
        sa.Column("max_step", sa.BigInteger()),
        sa.Column("max_value", sa.Double()),
        sa.ForeignKeyConstraint(["run_id"], ["trainer.runs.id"], name="fk_series_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        schema=SCHEMA,
    )
    op.create_index("uq_series_run_id_key", "series", ["run_id", "key"], unique=True, schema=SCHEMA)
    op.create_table(
        "points",
        sa.Column("series_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer()),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("series_id", "step", name="pk_points"),
        schema=SCHEMA,
    )
    op.create_table(
        "logs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["trainer.runs.id"], name="fk_logs_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "attempt", "seq", name="pk_logs"),
        schema=SCHEMA,
    )
    op.create_table(
        "place",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
        schema=SCHEMA,
    )


def _others() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("device", sa.Text()),
        sa.Column("capabilities", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
        schema=SCHEMA,
    )
    op.create_table(
        "sweeps",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_sweeps"),
        schema=SCHEMA,
    )
    op.create_index("ix_sweeps_due_at", "sweeps", ["due_at"], unique=False, schema=SCHEMA)
