"""Tables of the gateway: accounts, what they sign in with, members, the audit log, kept answers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from libs.common.contracts.base import now
from libs.common.db import COLUMN_TYPES, room_metadata
from libs.common.ids import new_id


class Model(DeclarativeBase):
    metadata = room_metadata("gateway")
    type_annotation_map = COLUMN_TYPES


class UserRow(Model):
    """`issuer` and `subject` name who signs in with the identity provider."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("issuer", "subject"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    email: Mapped[str | None]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime | None]


class MembershipRow(Model):
    __tablename__ = "memberships"
    __table_args__ = (Index(None, "project_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(default=now)


class TokenRow(Model):
    """Of before there were accounts: without an owner until the next start. `is_given` by the settings."""

    __tablename__ = "tokens"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"))
    name: Mapped[str]
    role: Mapped[str]
    projects: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    prefix: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    is_given: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SessionRow(Model):
    """A browser that has signed in; with a token it may what the token may, and ends with it."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id"), Index(None, "token_id"), Index(None, "expires_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"))
    token_id: Mapped[UUID | None] = mapped_column(ForeignKey(TokenRow.id, ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    address: Mapped[str | None]
    agent: Mapped[str | None]


class AttemptRow(Model):
    """Sign-ins that failed since then, by keyed digest of the account or of the address."""

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "since"),)

    key: Mapped[bytes] = mapped_column(primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime]


class AuditRow(Model):
    __tablename__ = "audit"
    __table_args__ = (Index(None, "project_id", "id"), Index(None, "actor", "id"), Index(None, "at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str]
    user_id: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    method: Mapped[str]
    route: Mapped[str]
    action: Mapped[str]
    path: Mapped[str]
    project_id: Mapped[UUID | None]
    status: Mapped[int]
    request_id: Mapped[str]
    address: Mapped[str | None]


class AnswerRow(Model):
    """`caller_id` is the token or the account, `project_id` whose the answer tells of; `status` stays empty
    while the first request is under way."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("caller_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    caller_id: Mapped[UUID]
    key: Mapped[str]
    digest: Mapped[bytes]
    status: Mapped[int | None]
    media_type: Mapped[str | None]
    body: Mapped[bytes | None]
    project_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
