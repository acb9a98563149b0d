"""Sessions of browsers: opened by a login, in force until they expire or somebody ends them."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.base import now
from services.gateway.models import SessionRow
from services.gateway.people.digests import digest
from services.gateway.repository.sessions import Sessions

PREFIX = "ms_"


@dataclass(frozen=True)
class OpenedSession:
    secret: str
    expires_at: datetime

    @property
    def seconds(self) -> int:
        return max(0, int((self.expires_at - now()).total_seconds()))


class SessionService:
    def __init__(self, sessions: Sessions, key: str) -> None:
        self._sessions = sessions
        self._key = key

    async def open(self, user_id: UUID, lasts: timedelta, token_id: UUID | None = None) -> OpenedSession:
        """With a token it may what the token may, for as long as the token lives."""
        expires_at = now() + lasts
        secret = PREFIX + secrets.token_urlsafe(32)
        row = SessionRow(
            user_id=user_id,
            token_id=token_id,
            digest=digest(secret, self._key),
            expires_at=expires_at,
        )
        await self._sessions.add(row)
        return OpenedSession(secret, expires_at)

    async def close(self, secret: str) -> None:
        await self._sessions.delete(digest(secret, self._key))

    async def close_others(self, user_id: UUID, secret: str) -> None:
        await self._sessions.delete_of(user_id, but=digest(secret, self._key))
