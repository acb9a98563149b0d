"""Channels of people: targets, rules, projects; deliveries that wait, are tried, and tried again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "notifier"
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _add("channels", sa.Column("project_id", sa.Uuid()))
    _add("channels", sa.Column("recipients", JSONB(), nullable=False, server_default="[]"))
    _add("channels", sa.Column("url", sa.Text()))
    _add("channels", sa.Column("secret", sa.Text()))
    _add("channels", sa.Column("rules", JSONB(), nullable=False, server_default="[]"))
    _add("channels", sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true()))
    _add("channels", sa.Column("held_until", TIME))
    op.execute(
        "UPDATE notifier.channels SET rules = jsonb_build_array("
        "jsonb_build_object('project_id', NULL, 'facts', facts, 'at_least', 'info'))"
    )
    op.drop_column("channels", "facts", schema=SCHEMA)
    # Of another project, or of the house: nobody is told that a name is taken where he sees nothing.
    op.drop_constraint("uq_channels_name", "channels", schema=SCHEMA)
    op.create_unique_constraint(
        "uq_channels_project_id_name",
        "channels",
        ["project_id", "name"],
        schema=SCHEMA,
        postgresql_nulls_not_distinct=True,
    )
    _deliveries()


def _deliveries() -> None:
    _add("deliveries", sa.Column("link", sa.Text(), nullable=False, server_default=""))
    _add("deliveries", sa.Column("lines", JSONB(), nullable=False, server_default="[]"))
    _add("deliveries", sa.Column("data", JSONB(), nullable=False, server_default="{}"))
    _add("deliveries", sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="1"))
    for name in ("next_attempt_at", "sent_at"):
        _add("deliveries", sa.Column(name, TIME))
    # Those of the release before were told in the transaction that made them.
    op.execute("UPDATE notifier.deliveries SET sent_at = created_at WHERE state = 'sent'")
    for column in ("link", "lines", "data", "attempts"):
        op.alter_column("deliveries", column, server_default=None, schema=SCHEMA)
    for column in ("recipients", "rules", "is_active"):
        op.alter_column("channels", column, server_default=None, schema=SCHEMA)
    op.create_index(
        "ix_deliveries_next_attempt_at_id",
        "deliveries",
        ["next_attempt_at", "id"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'pending'"),
    )
    for column in ("channel_id", "project_id"):
        op.create_index(f"ix_deliveries_{column}_id", "deliveries", [column, "id"], schema=SCHEMA)


def _add(table: str, column: sa.Column) -> None:
    op.add_column(table, column, schema=SCHEMA)


def downgrade() -> None:
    for name in ("project_id_id", "channel_id_id", "next_attempt_at_id"):
        op.drop_index(f"ix_deliveries_{name}", "deliveries", schema=SCHEMA)
    for column in ("link", "lines", "data", "attempts", "next_attempt_at", "sent_at"):
        op.drop_column("deliveries", column, schema=SCHEMA)
    # The release before knows one kind, and no two channels of a name.
    op.execute("DELETE FROM notifier.channels WHERE kind <> 'log'")
    op.drop_constraint("uq_channels_project_id_name", "channels", schema=SCHEMA)
    op.create_unique_constraint("uq_channels_name", "channels", ["name"], schema=SCHEMA)
    _add("channels", sa.Column("facts", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("channels", "facts", server_default=None, schema=SCHEMA)
    for column in ("project_id", "recipients", "url", "secret", "rules", "is_active", "held_until"):
        op.drop_column("channels", column, schema=SCHEMA)
