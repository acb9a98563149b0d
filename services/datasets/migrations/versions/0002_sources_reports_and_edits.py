"""Sources and reports of every job, staged chunks, samples that are edited, detections, exports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "datasets"
TIME = sa.DateTime(timezone=True)
# Imports so far knew images in class folders only: one label per sample.
FIGURES = """
    UPDATE datasets.versions v SET num_added = v.num_samples, figures = jsonb_build_object(
        'num_samples', v.num_samples, 'size_bytes', v.size_bytes, 'num_annotations', v.num_samples,
        'labels', v.class_counts, 'subsets', '{}'::jsonb,
        'annotation_types', jsonb_build_object('label', v.num_samples), 'languages', '{}'::jsonb,
        'media_types', (SELECT coalesce(jsonb_object_agg(media_type, n), '{}') FROM (
            SELECT media_type, count(*) n FROM datasets.samples WHERE dataset_id = v.dataset_id GROUP BY 1) t),
        'widths', (SELECT coalesce(jsonb_object_agg(width, n), '{}') FROM (
            SELECT width, count(*) n FROM datasets.samples WHERE dataset_id = v.dataset_id GROUP BY 1) t),
        'heights', (SELECT coalesce(jsonb_object_agg(height, n), '{}') FROM (
            SELECT height, count(*) n FROM datasets.samples WHERE dataset_id = v.dataset_id GROUP BY 1) t))
"""
REPORTS = """
    UPDATE datasets.reports r SET id = coalesce(d.job_id, d.id), kind = 'import', modality = 'image',
        created_at = d.created_at,
        samples = jsonb_build_object('num_found', r.num_found, 'num_imported', r.num_imported,
            'num_rejected', r.num_rejected, 'num_duplicates', r.num_duplicates, 'num_repaired', r.num_repaired),
        annotations = jsonb_build_object('num_found', r.num_imported, 'num_imported', r.num_imported,
            'num_rejected', 0, 'num_duplicates', 0, 'num_repaired', 0),
        classes = coalesce((SELECT v.figures -> 'labels' FROM datasets.versions v
            WHERE v.dataset_id = d.id AND v.version = 1), '{}'), subsets = '{}'
    FROM datasets.datasets d WHERE d.id = r.dataset_id
"""


def upgrade() -> None:
    _sources()
    _samples()
    _versions()
    _reports()
    _detections()
    _exports()
    _splits()


def _add(table: str, name: str, kind: sa.types.TypeEngine, default: str | None = None) -> None:
    """With a default, rows that are there get it; the column itself keeps none."""
    nullable = default is None
    column = sa.Column(name, kind, nullable=nullable, server_default=None if nullable else sa.text(default))
    op.add_column(table, column, schema=SCHEMA)
    if not nullable:
        op.alter_column(table, name, server_default=None, schema=SCHEMA)


def _sources() -> None:
    _add("datasets", "options", JSONB(), "'{}'")
    _add("datasets", "modality", sa.Text())
    _add("datasets", "is_adding", sa.Boolean(), "false")
    op.execute("UPDATE datasets.datasets SET modality = 'image' WHERE version > 0")
    op.create_table(
        "staged_chunks",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("shard_id", sa.Uuid()),
        sa.Column("shard_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_staged_chunks_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_staged_chunks"),
        schema=SCHEMA,
    )
    op.create_index("ix_staged_chunks_dataset_id", "staged_chunks", ["dataset_id"], schema=SCHEMA)


def _samples() -> None:
    op.drop_constraint("pk_samples", "samples", schema=SCHEMA)
    op.create_primary_key("pk_samples", "samples", ["id", "since"], schema=SCHEMA)
    _add("samples", "hash", sa.BigInteger())
    _add("samples", "language", sa.Text())
    _add("samples", "excerpt", sa.Text())
    _add("samples", "subset", sa.Text())
    _add("samples", "fields", JSONB(), "'{}'")


def _versions() -> None:
    for name in ("num_added", "num_removed", "num_changed"):
        _add("versions", name, sa.BigInteger(), "0")
    _add("versions", "figures", JSONB(), "'{}'")
    op.execute(FIGURES)
    for name in ("class_counts", "min_width", "max_width", "min_height", "max_height"):
        op.drop_column("versions", name, schema=SCHEMA)


def _reports() -> None:
    _add("reports", "id", sa.Uuid(), "gen_random_uuid()")
    _add("reports", "kind", sa.Text(), "''")
    _add("reports", "modality", sa.Text(), "''")
    for name in ("samples", "annotations", "classes", "subsets"):
        _add("reports", name, JSONB(), "'{}'")
    _add("reports", "created_at", TIME, "now()")
    op.execute(REPORTS)
    op.drop_constraint("pk_reports", "reports", schema=SCHEMA)
    op.create_primary_key("pk_reports", "reports", ["id"], schema=SCHEMA)
    op.alter_column("reports", "dataset_id", nullable=True, schema=SCHEMA)
    op.create_index("ix_reports_dataset_id_id", "reports", ["dataset_id", "id"], schema=SCHEMA)
    for name in ("num_found", "num_imported", "num_rejected", "num_repaired", "num_duplicates"):
        op.drop_column("reports", name, schema=SCHEMA)
    _add("problems", "report_id", sa.Uuid(), "gen_random_uuid()")
    _add("problems", "level", sa.Text(), "'sample'")
    op.execute(
        "UPDATE datasets.problems p SET report_id = r.id FROM datasets.reports r"
        " WHERE r.dataset_id = p.dataset_id"
    )
    op.drop_column("problems", "dataset_id", schema=SCHEMA)
    op.create_primary_key("pk_problems", "problems", ["report_id", "number"], schema=SCHEMA)
    op.create_foreign_key(
        "fk_problems_report_id", "problems", "reports", ["report_id"], ["id"],
        source_schema=SCHEMA, referent_schema=SCHEMA, ondelete="CASCADE",
    )  # fmt: skip


def _detections() -> None:
    op.create_table(
        "detections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", JSONB(), nullable=False),
        sa.Column("format", sa.Text()),
        sa.Column("options", JSONB(), nullable=False),
        sa.Column("is_thorough", sa.Boolean(), nullable=False),
        sa.Column("task", sa.Text()),
        sa.Column("examples", JSONB(), nullable=False),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_detail", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_detections"),
        schema=SCHEMA,
    )
    op.create_index("ix_detections_expires_at", "detections", ["expires_at"], schema=SCHEMA)


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("split_id", sa.Uuid()),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text()),
        sa.Column("num_samples", sa.BigInteger(), nullable=False),
        sa.Column("num_losses", sa.BigInteger(), nullable=False),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_detail", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_exports_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        schema=SCHEMA,
    )
    op.create_index("ix_exports_dataset_id_id", "exports", ["dataset_id", "id"], schema=SCHEMA)


def _splits() -> None:
    _add("splits", "extends", sa.Uuid())
    for name in ("num_kept", "num_left_out", "num_groups"):
        _add("splits", name, sa.BigInteger(), "0")
