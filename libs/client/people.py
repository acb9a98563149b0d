"""Accounts, members of projects, API tokens and the audit log of the SDK."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.access import (
    AuditEntry,
    CreatedToken,
    CreatedUser,
    Member,
    Role,
    Token,
    User,
)
from libs.common.contracts.base import Page


class Users:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, q: str | None = None) -> Iterator[User]:
        """`q` is a part of the name or of the e-mail address."""
        return self._transport.pages(User, "/v1/users", {"q": q})

    def page(self, q: str | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[User]:
        return self._transport.get(Page[User], "/v1/users", {"q": q, "limit": limit, "cursor": cursor})

    def get(self, user_id: UUID) -> User:
        return self._transport.get(User, f"/v1/users/{user_id}")

    def create(
        self, name: str, role: Role = Role.VIEWER, *, email: str | None = None, password: str | None = None
    ) -> CreatedUser:
        """Without a password one is made; the answer is the only place where it stands."""
        body = {"name": name, "role": role, "email": email, "password": password}
        return self._transport.call(CreatedUser, "POST", "/v1/users", body=body)

    def change(self, user_id: UUID, **changes: object) -> User:
        """Role, e-mail, password, `is_active`; what is left out stays."""
        return self._transport.call(User, "PATCH", f"/v1/users/{user_id}", body=changes)

    def delete(self, user_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/users/{user_id}")


class Members:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, project_id: UUID) -> Iterator[Member]:
        return self._transport.pages(Member, f"/v1/projects/{project_id}/members")

    def put(self, project_id: UUID, user_id: UUID, role: Role = Role.VIEWER) -> Member:
        """A new member, or another role for one."""
        path = f"/v1/projects/{project_id}/members/{user_id}"
        return self._transport.call(Member, "PUT", path, body={"role": role})

    def remove(self, project_id: UUID, user_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/projects/{project_id}/members/{user_id}")


class Tokens:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, user_id: UUID | None = None) -> Iterator[Token]:
        """One's own; for administrators all, or those of one account."""
        return self._transport.pages(Token, "/v1/tokens", {"user": user_id})

    def create(
        self,
        name: str,
        role: Role = Role.EDITOR,
        *,
        projects: Sequence[UUID] | None = None,
        expires_in_days: int | None = None,
    ) -> CreatedToken:
        """For one's own account; the answer is the only place where the secret stands."""
        body = {
            "name": name,
            "role": role,
            "projects": None if projects is None else [str(each) for each in projects],
            "expires_in_days": expires_in_days,
        }
        return self._transport.call(CreatedToken, "POST", "/v1/tokens", body=body)

    def delete(self, token_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/tokens/{token_id}")


class AuditFilters(TypedDict, total=False):
    actor: str | None
    action: str | None
    project_id: UUID | None
    outcome: str | None
    since: datetime | None
    until: datetime | None


class Audit:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, **filters: Unpack[AuditFilters]) -> Iterator[AuditEntry]:
        """All that fit, as they are consumed, newest first."""
        cursor: str | None = None
        while True:
            page = self.page(**filters, limit=200, cursor=cursor)
            yield from page.items
            if (cursor := page.next_cursor) is None:
                return

    def page(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        project_id: UUID | None = None,
        outcome: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[AuditEntry]:
        """Newest first; for administrators."""
        query = {
            "actor": actor,
            "action": action,
            "project_id": project_id,
            "outcome": outcome,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "limit": limit,
            "cursor": cursor,
        }
        return self._transport.get(Page[AuditEntry], "/v1/audit", query)
