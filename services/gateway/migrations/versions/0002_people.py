"""Accounts, members of projects, sessions, failed attempts, the audit log; tokens get an owner.

Tokens of before have none yet: the gateway gives them to its first account, which it makes as it starts.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("issuer", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
        sa.UniqueConstraint("issuer", "subject", name="uq_users_issuer_subject"),
        schema="gateway",
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "project_id", name="pk_memberships"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gateway.users.id"], name="fk_memberships_user_id", ondelete="CASCADE"
        ),
        schema="gateway",
    )
    op.create_index("ix_memberships_project_id", "memberships", ["project_id"], schema="gateway")
    _give_tokens_an_owner()
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_id", sa.Uuid()),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gateway.users.id"], name="fk_sessions_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["gateway.tokens.id"], name="fk_sessions_token_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
        schema="gateway",
    )
    for column in ("user_id", "token_id", "expires_at"):
        op.create_index(f"ix_sessions_{column}", "sessions", [column], schema="gateway")
    op.create_table(
        "attempts",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
        schema="gateway",
    )
    op.create_index("ix_attempts_since", "attempts", ["since"], schema="gateway")
    _make_audit_log()
    op.alter_column("answers", "token_id", new_column_name="caller_id", schema="gateway")
    op.execute(
        "ALTER TABLE gateway.answers RENAME CONSTRAINT uq_answers_token_id_key TO uq_answers_caller_id_key"
    )


def downgrade() -> None:
    op.execute(
        "ALTER TABLE gateway.answers RENAME CONSTRAINT uq_answers_caller_id_key TO uq_answers_token_id_key"
    )
    op.alter_column("answers", "caller_id", new_column_name="token_id", schema="gateway")
    for table in ("audit", "attempts", "sessions"):
        op.drop_table(table, schema="gateway")
    for column in ("user_id", "projects", "is_given"):
        op.drop_column("tokens", column, schema="gateway")
    for table in ("memberships", "users"):
        op.drop_table(table, schema="gateway")


def _give_tokens_an_owner() -> None:
    op.add_column("tokens", sa.Column("user_id", sa.Uuid()), schema="gateway")
    op.add_column("tokens", sa.Column("projects", ARRAY(sa.Uuid())), schema="gateway")
    op.add_column(
        "tokens",
        sa.Column("is_given", sa.Boolean(), nullable=False, server_default=sa.false()),
        schema="gateway",
    )
    op.alter_column("tokens", "is_given", server_default=None, schema="gateway")
    op.create_foreign_key(
        "fk_tokens_user_id",
        "tokens",
        "users",
        ["user_id"],
        ["id"],
        source_schema="gateway",
        referent_schema="gateway",
        ondelete="CASCADE",
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"], schema="gateway")


def _make_audit_log() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("token_id", sa.Uuid()),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Uuid()),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        schema="gateway",
    )
    op.create_index("ix_audit_project_id_id", "audit", ["project_id", "id"], schema="gateway")
    op.create_index("ix_audit_actor_id", "audit", ["actor", "id"], schema="gateway")
    op.create_index("ix_audit_at", "audit", ["at"], schema="gateway")
