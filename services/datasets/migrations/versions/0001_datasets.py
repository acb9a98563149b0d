"""Projects, uploads, datasets with versions and samples, splits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "datasets"
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _projects()
    _datasets()
    _samples()
    _splits()


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
        schema=SCHEMA,
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("part_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("multipart", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        schema=SCHEMA,
    )
    op.create_index("ix_uploads_expires_at", "uploads", ["expires_at"], unique=False, schema=SCHEMA)


def _datasets() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", JSONB(), nullable=False),
        sa.Column("format", sa.Text()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("num_samples", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("classes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_detail", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["datasets.projects.id"], name="fk_datasets_project_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("project_id", "name", name="uq_datasets_project_id_name"),
        schema=SCHEMA,
    )
    op.create_table(
        "versions",
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("num_samples", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("class_counts", JSONB(), nullable=False),
        sa.Column("min_width", sa.BigInteger(), nullable=False),
        sa.Column("max_width", sa.BigInteger(), nullable=False),
        sa.Column("min_height", sa.BigInteger(), nullable=False),
        sa.Column("max_height", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_versions_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "version", name="pk_versions"),
        schema=SCHEMA,
    )
    op.create_table(
        "reports",
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("num_found", sa.BigInteger(), nullable=False),
        sa.Column("num_imported", sa.BigInteger(), nullable=False),
        sa.Column("num_rejected", sa.BigInteger(), nullable=False),
        sa.Column("num_repaired", sa.BigInteger(), nullable=False),
        sa.Column("num_duplicates", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_reports_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", name="pk_reports"),
        schema=SCHEMA,
    )
    op.create_table(
        "problems",
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("row", sa.BigInteger()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_problems_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "number", name="pk_problems"),
        schema=SCHEMA,
    )
    op.create_table(
        "trash",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("prefix", name="pk_trash"),
        schema=SCHEMA,
    )


def _samples() -> None:
    op.create_table(
        "shards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_shards_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shards"),
        schema=SCHEMA,
    )
    op.create_index("ix_shards_dataset_id", "shards", ["dataset_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("shard_id", sa.Uuid(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("thumbnail_offset", sa.BigInteger(), nullable=False),
        sa.Column("thumbnail_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("annotations", JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_samples_dataset_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shard_id"], ["datasets.shards.id"], name="fk_samples_shard_id"),
        sa.PrimaryKeyConstraint("id", name="pk_samples"),
        schema=SCHEMA,
    )
    op.create_index("ix_samples_dataset_id_id", "samples", ["dataset_id", "id"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_samples_dataset_id_name_id", "samples", ["dataset_id", "name", "id"], unique=False, schema=SCHEMA
    )
    op.create_index(
        "ix_samples_dataset_id_sha256", "samples", ["dataset_id", "sha256"], unique=False, schema=SCHEMA
    )
    op.create_index(
        "ix_samples_dataset_id_size_bytes_id",
        "samples",
        ["dataset_id", "size_bytes", "id"],
        unique=False,
        schema=SCHEMA,
    )
    op.create_index(
        "ix_samples_labels", "samples", ["labels"], unique=False, schema=SCHEMA, postgresql_using="gin"
    )
    op.create_index("ix_samples_shard_id", "samples", ["shard_id"], unique=False, schema=SCHEMA)


def _splits() -> None:
    op.create_table(
        "splits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("method", JSONB(), nullable=False),
        sa.Column("subsets", JSONB(), nullable=False),
        sa.Column("shards", JSONB(), nullable=False),
        sa.Column("classes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_splits_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_splits"),
        sa.UniqueConstraint("dataset_id", "name", name="uq_splits_dataset_id_name"),
        schema=SCHEMA,
    )
    op.create_table(
        "assignments",
        sa.Column("split_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("subset", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["split_id"], ["datasets.splits.id"], name="fk_assignments_split_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("split_id", "sample_id", name="pk_assignments"),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_assignments_split_id_subset_sample_id",
        "assignments",
        ["split_id", "subset", "sample_id"],
        unique=False,
        schema=SCHEMA,
    )
