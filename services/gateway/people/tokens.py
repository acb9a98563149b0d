"""API tokens: made, hashed with a key, compared by their digest; the secret itself is never stored."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.access import Caller, CreatedToken, Role, Token, TokenRequest
from libs.common.contracts.base import Page, PageQuery, now
from libs.common.ids import new_id
from libs.common.paging import after, page_of
from services.gateway.errors import TokenIsLimited, TokenIsMissingHere
from services.gateway.models import TokenRow
from services.gateway.people.digests import digest
from services.gateway.repository.tokens import Tokens

PREFIX = "my_"
SHOWN_LETTERS = 7


class TokenService:
    """Looks up by keyed digest: finding a row says nothing about secrets close to it."""

    def __init__(self, tokens: Tokens, key: str) -> None:
        self._tokens = tokens
        self._key = key

    async def ensure_given(self, secret: str, owner_id: UUID) -> None:
        row = TokenRow(
            id=new_id(),
            user_id=owner_id,
            name="admin",
            role=Role.ADMIN,
            prefix=secret[:SHOWN_LETTERS],
            digest=digest(secret, self._key),
            created_at=now(),
        )
        await self._tokens.give(row)

    async def page(self, user_id: UUID | None, query: PageQuery) -> Page[Token]:
        rows = await self._tokens.page(user_id, after(query, UUID), query.limit + 1)
        return page_of(rows, query, lambda each: _view(*each), lambda each: each[0].id)

    async def create(self, wanted: TokenRequest, caller: Caller) -> CreatedToken:
        """For the caller's own account; with a token, never more or for longer than that token."""
        expires_at = now() + timedelta(days=wanted.expires_in_days) if wanted.expires_in_days else None
        if caller.token_id is not None:
            expires_at = await self._within(caller.token_id, wanted, expires_at)
        secret = PREFIX + secrets.token_urlsafe(32)
        row = TokenRow(
            user_id=caller.user_id,
            name=wanted.name,
            role=wanted.role,
            projects=None if wanted.projects is None else sorted(set(wanted.projects)),
            prefix=secret[:SHOWN_LETTERS],
            digest=digest(secret, self._key),
            expires_at=expires_at,
        )
        return CreatedToken(token=_view(await self._tokens.add(row), caller.name), secret=secret)

    async def delete(self, token_id: UUID, caller: Caller) -> None:
        """Another's is not there for who is no administrator."""
        row = await self._tokens.get(token_id)
        if row is None or not (caller.is_administrator or row.user_id == caller.user_id):
            raise TokenIsMissingHere("there is no such token")
        if caller.token_id not in (None, row.id) and not caller.is_administrator:
            own = await self._tokens.get(caller.token_id)
            if own is None or not _covers(own, Role(row.role), row.projects):
                raise TokenIsLimited("this token may more than the one that was sent")
        await self._tokens.delete(row)

    async def _within(
        self, token_id: UUID, wanted: TokenRequest, expires_at: datetime | None
    ) -> datetime | None:
        own = await self._tokens.get(token_id)
        if own is None or not _covers(own, wanted.role, wanted.projects):
            raise TokenIsLimited("with a token only tokens are made that may no more than it")
        ends = [each for each in (own.expires_at, expires_at) if each is not None]
        return min(ends, default=None)


def _covers(own: TokenRow, role: Role, projects: "list[UUID] | tuple[UUID, ...] | None") -> bool:
    if role.rank > Role(own.role).rank:
        return False
    return own.projects is None or (projects is not None and set(projects) <= set(own.projects))


def _view(row: TokenRow, owner: str | None) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        prefix=row.prefix,
        user_id=row.user_id,
        owner=owner,
        projects=None if row.projects is None else tuple(row.projects),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
