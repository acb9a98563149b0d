"""Who stands behind a secret: the account of a token or of a browser's session."""

from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.access import Caller
from libs.common.contracts.base import now
from services.gateway.errors import AccountIsInactive, SessionIsOver, TokenIsExpired, TokenIsUnknown
from services.gateway.models import TokenRow, UserRow
from services.gateway.people.callers import caller_with
from services.gateway.people.digests import digest
from services.gateway.repository.sessions import Sessions
from services.gateway.repository.tokens import Tokens
from services.gateway.repository.users import Members, Users

_TOUCH_AFTER = timedelta(minutes=1)


class Recognising:
    def __init__(self, users: Users, members: Members, tokens: Tokens, sessions: Sessions, key: str) -> None:
        self._users = users
        self._members = members
        self._tokens = tokens
        self._sessions = sessions
        self._key = key

    async def caller(self, hashed: bytes) -> Caller:
        """Raises TokenIsUnknown, TokenIsExpired, SessionIsOver or AccountIsInactive."""
        user, token = await self._of_token(hashed) or await self._of_session(hashed)
        await self._touch(user, token)
        return caller_with(user, await self._members.of_users([user.id]), token)

    async def owner_of_token(self, secret: str) -> tuple[UUID, UUID]:
        """The ids of the token and of its account. Raises as `caller` does."""
        found = await self._of_token(digest(secret, self._key))
        if found is None:
            raise TokenIsUnknown("this token is not known here")
        user, token = found
        return token.id, user.id

    async def _of_token(self, hashed: bytes) -> tuple[UserRow, TokenRow] | None:
        found = await self._tokens.by_digest(hashed)
        if found is None:
            return None
        token, user = found
        _require_in_force(user, token)
        return user, token

    async def _of_session(self, hashed: bytes) -> tuple[UserRow, TokenRow | None]:
        found = await self._sessions.by_digest(hashed)
        if found is None:
            raise TokenIsUnknown("this token or session is not known here")
        session, user, token = found
        if session.expires_at <= now():
            raise SessionIsOver("this session is over: sign in again")
        _require_in_force(user, token)
        if _is_long_ago(session.last_seen_at):
            await self._sessions.touch(session.id, now())
        return user, token

    async def _touch(self, user: UserRow, token: TokenRow | None) -> None:
        """To the minute: who is busy is not written down with every request."""
        if _is_long_ago(user.last_seen_at):
            await self._users.touch(user.id, now())
        if token and _is_long_ago(token.last_used_at):
            await self._tokens.touch(token.id, now())


def _is_long_ago(moment: datetime | None) -> bool:
    return moment is None or now() - moment > _TOUCH_AFTER


def _require_in_force(user: UserRow, token: TokenRow | None) -> None:
    if not user.is_active:
        raise AccountIsInactive("this account is not active any more")
    if token is not None and token.expires_at is not None and token.expires_at <= now():
        raise TokenIsExpired("this token has expired")
