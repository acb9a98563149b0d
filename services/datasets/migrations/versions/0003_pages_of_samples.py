"""Pages of samples in every order and by every filter without walking past what is not wanted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "datasets"
NAME = sa.Text(collation="C")
LIVING, ENDED = "until IS NULL", "until IS NOT NULL"
LABELS = """
    INSERT INTO datasets.sample_labels (id, since, label, until, dataset_id, subset, name, size_bytes)
    SELECT id, since, md5(label)::uuid, until, dataset_id, subset, name, size_bytes
    FROM datasets.samples, unnest(labels) label
"""
NAMES = r"""
    INSERT INTO datasets.name_blocks (dataset_id, first_id, last_id, low, high, folder, names, ids)
    SELECT dataset_id, min(id::text)::uuid, max(id::text)::uuid, min(name), max(name),
        convert_to(folder, 'UTF8'), string_agg(file, '\x00' ORDER BY name, id),
        string_agg(uuid_send(id), '' ORDER BY name, id)
    FROM (
        SELECT dataset_id, id, name, folder, file,
            sum(octet_length(file) + 1) OVER (PARTITION BY dataset_id, folder ORDER BY name, id) / 1500
                AS block
        FROM (
            SELECT dataset_id, id, name, folder,
                convert_to(substr(name, length(folder) + 1), 'UTF8') AS file
            FROM (SELECT DISTINCT dataset_id, id, name FROM datasets.samples) every,
                coalesce(substring(name FROM '^.*/'), '') folder
        ) parted
    ) placed
    GROUP BY dataset_id, folder, block
"""
ASSIGNMENTS = """
    UPDATE datasets.assignments a SET name = s.name, size_bytes = s.size_bytes
    FROM (SELECT DISTINCT ON (id) id, name, size_bytes FROM datasets.samples) s WHERE s.id = a.sample_id
"""


def upgrade() -> None:
    _samples()
    _labels()
    _names()
    _assignments()


def _orders(table: str, name: str, *of: str, only: str, then: tuple[str, ...]) -> None:
    for order, columns, included in (
        ("name", ["name"], []),
        ("size", ["size_bytes"], ["name"]),
        ("id", [], ["name"]),
    ):
        op.create_index(
            f"{name}_by_{order}",
            table,
            [*of, *columns, "id", *then],
            schema=SCHEMA,
            postgresql_where=sa.text(only),
            postgresql_include=included,
        )


def _samples() -> None:
    for columns in ("dataset_id_name_id", "dataset_id_size_bytes_id", "dataset_id_id", "labels"):
        op.drop_index(f"ix_samples_{columns}", "samples", schema=SCHEMA)
    op.alter_column("samples", "name", type_=NAME, schema=SCHEMA)
    every, subset = ("dataset_id",), ("dataset_id", "subset")
    _orders("samples", "ix_samples", *every, only=LIVING, then=("since",))
    _orders("samples", "ix_samples_ended", *every, only=ENDED, then=("since", "until", "subset"))
    _orders("samples", "ix_samples_subset", *subset, only=f"{LIVING} AND subset IS NOT NULL", then=("since",))
    op.create_index("ix_samples_dataset_id_since", "samples", ["dataset_id", "since"], schema=SCHEMA)
    op.create_index(
        "ix_samples_dataset_id_until",
        "samples",
        ["dataset_id", "until"],
        schema=SCHEMA,
        postgresql_where=sa.text(ENDED),
    )


def _labels() -> None:
    op.create_table(
        "sample_labels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.Uuid(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("subset", sa.Text()),
        sa.Column("name", NAME, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_sample_labels_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", "since", "label", name="pk_sample_labels"),
        schema=SCHEMA,
    )
    op.execute(LABELS)
    label = ("dataset_id", "label")
    _orders("sample_labels", "ix_sample_labels", *label, only=LIVING, then=("since", "subset"))
    _orders("sample_labels", "ix_sample_labels_ended", *label, only=ENDED, then=("since", "until", "subset"))


def _names() -> None:
    op.create_table(
        "name_blocks",
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.Column("low", NAME, nullable=False),
        sa.Column("high", NAME, nullable=False),
        sa.Column("folder", sa.LargeBinary(), nullable=False),
        sa.Column("names", sa.LargeBinary(), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.datasets.id"], name="fk_name_blocks_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "first_id", name="pk_name_blocks"),
        schema=SCHEMA,
    )
    # The names lie in the row as they are, the ids aside: to uncompress takes longer than to search.
    op.execute(
        "ALTER TABLE datasets.name_blocks ALTER names SET STORAGE MAIN, ALTER ids SET STORAGE EXTERNAL"
    )
    op.execute(NAMES)


def _assignments() -> None:
    op.add_column("assignments", sa.Column("name", NAME), schema=SCHEMA)
    op.add_column("assignments", sa.Column("size_bytes", sa.BigInteger()), schema=SCHEMA)
    op.execute(ASSIGNMENTS)
    for name in ("name", "size_bytes"):
        op.alter_column("assignments", name, nullable=False, schema=SCHEMA)
    op.drop_index("ix_assignments_split_id_subset_sample_id", "assignments", schema=SCHEMA)
    for order, columns in (("name", ["name"]), ("size", ["size_bytes"]), ("id", [])):
        op.create_index(
            f"ix_assignments_by_{order}",
            "assignments",
            ["split_id", "subset", *columns, "sample_id"],
            schema=SCHEMA,
        )
