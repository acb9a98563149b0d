"""Exports, and the registry: models, versions, aliases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "exporter"
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _exports()
    _registry()


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("source", JSONB(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("file", JSONB()),
        sa.Column("parity", JSONB()),
        sa.Column("card", JSONB()),
        sa.Column("model", sa.Text()),
        sa.Column("model_version", sa.BigInteger()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_detail", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        schema=SCHEMA,
    )
    op.create_index("ix_exports_run_id_id", "exports", ["run_id", "id"], schema=SCHEMA)
    op.create_index("ix_exports_project_id", "exports", ["project_id"], schema=SCHEMA)


def _registry() -> None:
    op.create_table(
        "models",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("latest_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_models"),
        schema=SCHEMA,
    )
    op.create_index("ix_models_project_id", "models", ["project_id"], schema=SCHEMA)
    op.create_table(
        "versions",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("file", JSONB(), nullable=False),
        sa.Column("card", JSONB(), nullable=False),
        sa.Column("parity", JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("model", "version", name="pk_versions"),
        sa.UniqueConstraint("model", "export_id", name="uq_versions_model_export_id"),
        sa.ForeignKeyConstraint(
            ["model"], [f"{SCHEMA}.models.name"], name="fk_versions_model", ondelete="CASCADE"
        ),
        schema=SCHEMA,
    )
    op.create_table(
        "aliases",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model", "alias", name="pk_aliases"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            [f"{SCHEMA}.versions.model", f"{SCHEMA}.versions.version"],
            name="fk_aliases_model_version",
            ondelete="CASCADE",
        ),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("aliases", "versions", "models", "exports"):
        op.drop_table(table, schema=SCHEMA)
