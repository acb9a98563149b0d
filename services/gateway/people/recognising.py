"""Who stands behind a secret: the account of a token or of a browser's session."""

from datetime import timedelta

from libs.common.contracts.access import Caller
from libs.common.contracts.base import now
from services.gateway.errors import AccountIsInactive, TokenIsExpired, TokenIsUnknown
from services.gateway.models import TokenRow, UserRow
from services.gateway.people.callers import caller_with
from services.gateway.repository.tokens import Tokens
from services.gateway.repository.users import Members, Users

_TOUCH_AFTER = timedelta(minutes=1)


class Recognising:
    def __init__(self, users: Users, members: Members, tokens: Tokens) -> None:
        self._users = users
        self._members = members
        self._tokens = tokens

    async def caller(self, hashed: bytes) -> Caller:
        """Raises TokenIsUnknown, TokenIsExpired or AccountIsInactive."""
        found = await self._tokens.by_digest(hashed)
        if found is None:
            raise TokenIsUnknown("this token is not known here")
        token, user = found
        if not user.is_active:
            raise AccountIsInactive("this account is not active any more")
        if token.expires_at is not None and token.expires_at <= now():
            raise TokenIsExpired("this token has expired")
        await self._touch(user, token)
        return caller_with(user, await self._members.of_users([user.id]), token)

    async def _touch(self, user: UserRow, token: TokenRow | None) -> None:
        """To the minute: who is busy is not written down with every request."""
        moment = now()
        if user.last_seen_at is None or moment - user.last_seen_at > _TOUCH_AFTER:
            await self._users.touch(user.id, moment)
        if token and (token.last_used_at is None or moment - token.last_used_at > _TOUCH_AFTER):
            await self._tokens.touch(token.id, moment)
