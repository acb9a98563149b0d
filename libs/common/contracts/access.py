"""Who calls and what they may do: accounts, roles, members of projects, API tokens, the audit log."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, SecretStr, StringConstraints

from libs.common.contracts.base import Name, PageQuery, View

Account = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$", to_lower=True)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
# Shorter ones are guessed; longer ones only cost time to hash.
Password = Annotated[SecretStr, Field(min_length=10, max_length=200)]


class Role(StrEnum):
    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def lowered_to(self, other: "Role | None") -> "Role":
        return self if other is None else min(self, other, key=lambda role: role.rank)


class Membership(View):
    project_id: UUID
    role: Role


class Caller(View):
    """Answer of `GET /v1/me`: what may be done with the credentials that were sent.

    `role` is the account's, lowered to the token's. An administrator is at home in every project
    (`sees_all_projects`); everyone else only in `projects`, with the role that each names. An account that
    is a viewer stays one in every project. A token may be limited to some of its owner's projects.
    """

    name: str
    role: Role
    user_id: UUID | None = None
    token_id: UUID | None = None
    sees_all_projects: bool = False
    projects: tuple[Membership, ...] = ()

    @property
    def is_administrator(self) -> bool:
        """Of the house; a token that is limited to projects never is."""
        return self.sees_all_projects and self.role is Role.ADMIN

    def role_in(self, project_id: UUID) -> Role | None:
        """None: for this caller the project does not exist."""
        for membership in self.projects:
            if membership.project_id == project_id:
                return membership.role
        return self.role if self.sees_all_projects else None

    def visible_projects(self) -> tuple[UUID, ...] | None:
        """What lists are limited to; None: to nothing."""
        return None if self.sees_all_projects else tuple(each.project_id for each in self.projects)


class User(View):
    id: UUID
    name: str
    email: str | None = None
    role: Role
    is_active: bool
    has_password: bool
    is_external: bool = Field(default=False, description="Signs in with the identity provider (OIDC).")
    created_at: AwareDatetime
    last_seen_at: AwareDatetime | None = None
    projects: tuple[Membership, ...] = ()


class UserRequest(View):
    """Without a password one is made and shown once."""

    name: Account
    role: Role = Role.VIEWER
    email: Email | None = None
    password: Password | None = None


class CreatedUser(View):
    """`password` only where it was made here; shown once."""

    user: User
    password: str | None = None


class UserChange(View):
    """What is left out stays. An account that is not active can do nothing; its sessions and tokens end."""

    role: Role | None = None
    email: Email | None = None
    is_active: bool | None = None
    password: Password | None = None


class PasswordChange(View):
    """One's own; every other session ends."""

    old: SecretStr
    new: Password


class Member(View):
    user_id: UUID
    name: str
    role: Role
    added_at: AwareDatetime


class MemberRequest(View):
    role: Role = Role.VIEWER


class Token(View):
    """An API token as it may be shown: the secret itself is stored only as a keyed hash."""

    id: UUID
    name: str
    role: Role
    prefix: str
    user_id: UUID | None = None
    owner: str | None = None
    projects: tuple[UUID, ...] | None = Field(default=None, description="Null: all of its owner's.")
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    last_used_at: AwareDatetime | None = None


class CreatedToken(View):
    """Shown once."""

    token: Token
    secret: str


class TokenRequest(View):
    """Never above its owner's role; `projects` limits it further."""

    name: Name
    role: Role = Role.EDITOR
    projects: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)] | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class Login(View):
    """By name and password, or by an API token."""

    name: Annotated[str, StringConstraints(max_length=100)] | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None


class Session(View):
    """A browser that has signed in, or a program that did so with a password."""

    id: UUID
    begun_at: AwareDatetime
    last_seen_at: AwareDatetime = Field(description="To the minute.")
    expires_at: AwareDatetime
    address: str | None = Field(default=None, description="Where it was begun from.")
    agent: str | None = Field(default=None, description="What the browser says of itself.")
    token_id: UUID | None = Field(default=None, description="It may what this token may, and ends with it.")
    is_this: bool = Field(description="The one that asks.")


class SignInWays(View):
    """`provider` is what the identity provider is called here; null where none is set."""

    provider: str | None = None


class AuditEntry(View):
    """One change, or attempt at one, as it ended: who, by which route, of what, with which answer."""

    id: UUID
    at: AwareDatetime
    actor: str
    user_id: UUID | None = None
    token_id: UUID | None = None
    method: str
    route: str
    action: str
    path: str
    project_id: UUID | None = None
    status: int
    request_id: str
    address: str | None = None


class AuditQuery(PageQuery):
    """Newest first."""

    actor: Annotated[str, StringConstraints(max_length=100)] | None = None
    action: Annotated[str, StringConstraints(max_length=100)] | None = None
    project_id: UUID | None = None
    outcome: Literal["done", "refused"] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
