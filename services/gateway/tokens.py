"""API tokens: made, hashed with a key, compared by their digest; the secret itself is never stored."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from libs.common.contracts.access import Caller, CreatedToken, Role, Token, TokenRequest
from libs.common.contracts.base import now
from libs.common.errors import NotFound
from libs.common.ids import new_id
from services.gateway.errors import TokenIsExpired, TokenIsUnknown
from services.gateway.models import TokenRow
from services.gateway.repository import Repository

PREFIX = "my_"
_TOUCH_AFTER = timedelta(minutes=1)


def digest(secret: str, key: str) -> bytes:
    return hmac.new(key.encode(), secret.encode(), hashlib.sha256).digest()


class TokenService:
    """Looks up by keyed digest: finding a row says nothing about secrets close to it."""

    def __init__(self, repository: Repository, key: str) -> None:
        self._repository = repository
        self._key = key

    async def ensure_admin(self, secret: str) -> None:
        hashed = digest(secret, self._key)
        row = TokenRow(id=new_id(), name="admin", role=Role.ADMIN, prefix=secret[:7], digest=hashed)
        await self._repository.ensure_token(row)

    async def caller(self, hashed: bytes) -> Caller:
        row = await self._repository.token_by_digest(hashed)
        if row is None:
            raise TokenIsUnknown("this token is not known here")
        moment = now()
        if row.expires_at is not None and row.expires_at <= moment:
            raise TokenIsExpired("this token has expired")
        if row.last_used_at is None or moment - row.last_used_at > _TOUCH_AFTER:
            await self._repository.touch_token(row.id, moment)
        return Caller(name=row.name, role=Role(row.role), token_id=row.id)

    async def create(self, wanted: TokenRequest) -> CreatedToken:
        secret = PREFIX + secrets.token_urlsafe(32)
        expires = now() + timedelta(days=wanted.expires_in_days) if wanted.expires_in_days else None
        row = TokenRow(
            name=wanted.name,
            role=wanted.role,
            prefix=secret[:7],
            digest=digest(secret, self._key),
            expires_at=expires,
        )
        return CreatedToken(token=_view(await self._repository.add_token(row)), secret=secret)

    async def list_tokens(self) -> tuple[Token, ...]:
        return tuple(_view(row) for row in await self._repository.tokens())

    async def delete(self, token_id: UUID) -> None:
        if not await self._repository.delete_token(token_id):
            raise NotFound("there is no such token")


def _view(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        prefix=row.prefix,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
