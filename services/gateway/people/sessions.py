"""Sessions of browsers: opened by a login, in force until they expire or somebody ends them."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.access import Caller, Role, Session
from libs.common.contracts.base import Page, PageQuery, now
from libs.common.paging import after, page_of
from services.gateway.errors import SessionIsMissing
from services.gateway.models import SessionRow
from services.gateway.people.digests import digest
from services.gateway.repository.sessions import Sessions
from services.gateway.repository.tokens import Tokens

PREFIX = "ms_"


@dataclass(frozen=True)
class Visitor:
    """Where somebody signs in from, as far as can be told; `agent` is what the browser says of itself."""

    address: str
    agent: str | None = None


@dataclass(frozen=True)
class OpenedSession:
    secret: str
    expires_at: datetime

    @property
    def seconds(self) -> int:
        return max(0, int((self.expires_at - now()).total_seconds()))


class SessionService:
    def __init__(self, sessions: Sessions, tokens: Tokens, key: str) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._key = key

    async def open(
        self, user_id: UUID, visitor: Visitor, lasts: timedelta, token_id: UUID | None = None
    ) -> OpenedSession:
        """With a token it may what the token may, for as long as the token lives."""
        expires_at = now() + lasts
        secret = PREFIX + secrets.token_urlsafe(32)
        row = SessionRow(
            user_id=user_id,
            token_id=token_id,
            digest=digest(secret, self._key),
            expires_at=expires_at,
            address=visitor.address,
            agent=visitor.agent,
        )
        await self._sessions.add(row)
        return OpenedSession(secret, expires_at)

    async def page_for(self, caller: Caller, query: PageQuery, secret: str) -> Page[Session]:
        assert caller.user_id is not None
        return await self._page(caller.user_id, query, secret, await self._limit(caller))

    async def page_of_user(self, user_id: UUID, query: PageQuery, secret: str) -> Page[Session]:
        return await self._page(user_id, query, secret, None)

    async def end(self, caller: Caller, session_id: UUID) -> None:
        """One's own; another's is not there."""
        assert caller.user_id is not None
        if not await self._sessions.delete_one(session_id, caller.user_id, await self._limit(caller)):
            raise SessionIsMissing("there is no such session")

    async def end_others(self, caller: Caller, secret: str) -> None:
        assert caller.user_id is not None
        limit = await self._limit(caller)
        await self._sessions.delete_of(caller.user_id, but=digest(secret, self._key), token_id=limit)

    async def end_all(self, user_id: UUID) -> None:
        await self._sessions.delete_of(user_id)

    async def close(self, secret: str) -> None:
        await self._sessions.delete(digest(secret, self._key))

    async def close_others(self, user_id: UUID, secret: str) -> None:
        await self._sessions.delete_of(user_id, but=digest(secret, self._key))

    async def _page(
        self, user_id: UUID, query: PageQuery, secret: str, token_id: UUID | None
    ) -> Page[Session]:
        own = digest(secret, self._key)
        rows = await self._sessions.page(user_id, token_id, after(query, UUID), query.limit + 1)
        return page_of(rows, query, lambda row: _view(row, own), lambda row: row.id)

    async def _limit(self, caller: Caller) -> UUID | None:
        """A token that may less than its owner knows, and ends, only what was opened with it."""
        if caller.token_id is None:
            return None
        token = await self._tokens.get(caller.token_id)
        is_whole = token is not None and token.projects is None and token.role == Role.ADMIN
        return None if is_whole else caller.token_id


def _view(row: SessionRow, own: bytes) -> Session:
    return Session(
        id=row.id,
        begun_at=row.created_at,
        last_seen_at=row.last_seen_at or row.created_at,
        expires_at=row.expires_at,
        address=row.address,
        agent=row.agent,
        token_id=row.token_id,
        is_this=row.digest == own,
    )
