"""Outbox, inbox, the relay's memory and the job queue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "platform"
TIME = sa.DateTime(timezone=True)
CLOCK = sa.text("clock_timestamp()")


def upgrade() -> None:
    _facts()
    _jobs()
    _announcements()


def _facts() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("uuid", sa.Uuid, nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("schema_version", sa.BigInteger, nullable=False),
        sa.Column("aggregate_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("project_id", sa.Uuid),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("occurred_at", TIME, nullable=False, server_default=CLOCK),
        sa.Column("published_at", TIME),
        sa.Column("stream_sequence", sa.BigInteger),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["id"],
        schema=SCHEMA,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index("ix_outbox_occurred_at", "outbox", ["occurred_at"], schema=SCHEMA)
    op.create_table(
        "aggregate",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("received_at", TIME, nullable=False, server_default=CLOCK),
        schema=SCHEMA,
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"], schema=SCHEMA)
    op.create_table(
        "relay",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )


def _jobs() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("job_rank", schema=SCHEMA)))
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("project_id", sa.Uuid),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("spec", JSONB, nullable=False),
        sa.Column("needs_device", sa.Boolean, nullable=False),
        sa.Column("needs", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("priority", sa.BigInteger, nullable=False),
        sa.Column("rank", sa.Numeric, nullable=False, server_default=sa.text("nextval('platform.job_rank')")),
        sa.Column("state", sa.Text, nullable=False, server_default="queued"),
        sa.Column("desired", sa.Text, nullable=False, server_default="run"),
        sa.Column("attempt", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("max_attempts", sa.BigInteger, nullable=False),
        sa.Column("not_before", TIME),
        sa.Column("token", sa.Uuid),
        sa.Column("lease_expires_at", TIME),
        sa.Column("device", sa.Text),
        sa.Column("node", sa.Text),
        sa.Column("worker", sa.Text),
        sa.Column("progress", sa.Float, nullable=False, server_default="0"),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sa.Column("checkpoint", JSONB),
        sa.Column("result", JSONB),
        sa.Column("error_code", sa.Text),
        sa.Column("error_detail", sa.Text),
        sa.Column("created_at", TIME, nullable=False, server_default=CLOCK),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'failed', 'cancelled')", name="ck_job_state"
        ),
        schema=SCHEMA,
    )
    for name, columns, unique, where in (
        ("ix_job_order", [sa.text("priority DESC"), "rank", "id"], False, "state = 'queued'"),
        ("uq_job_device", ["device"], True, "state = 'running' AND needs_device"),
        ("ix_job_lease", ["lease_expires_at"], False, "state = 'running'"),
        ("ix_job_token", ["token"], False, None),
        ("ix_job_project", ["project_id", "id"], False, None),
    ):
        condition = sa.text(where) if where else None
        op.create_index(name, "job", columns, schema=SCHEMA, unique=unique, postgresql_where=condition)
    op.create_table(
        "job_limit",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("max_running", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )


def _announcements() -> None:
    """Statement triggers: a thousand rows in one INSERT wake the relay once per kind, not a thousand times."""
    op.execute("""
        CREATE FUNCTION platform.announce_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_notify('modelyard_outbox', ''); RETURN NULL; END $$
    """)
    op.execute("""
        CREATE TRIGGER announce_outbox AFTER INSERT ON platform.outbox
        FOR EACH STATEMENT EXECUTE FUNCTION platform.announce_outbox()
    """)
    op.execute("""
        CREATE FUNCTION platform.announce_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('modelyard_jobs', kind) FROM (SELECT DISTINCT kind FROM fresh) AS kinds;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER announce_jobs AFTER INSERT ON platform.job
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION platform.announce_jobs()
    """)
