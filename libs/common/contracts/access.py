"""Who calls: roles, the caller of a request, API tokens."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, SecretStr

from libs.common.contracts.base import Name, View


class Role(StrEnum):
    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class Caller(View):
    """Answer of `GET /v1/me`."""

    name: str
    role: Role
    token_id: UUID | None = None


class Token(View):
    """An API token as it may be shown: the secret itself is stored only as a keyed hash."""

    id: UUID
    name: str
    role: Role
    prefix: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    last_used_at: AwareDatetime | None = None


class CreatedToken(View):
    """Shown once."""

    token: Token
    secret: str


class TokenRequest(View):
    name: Name
    role: Role = Role.EDITOR
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class Login(View):
    token: SecretStr
