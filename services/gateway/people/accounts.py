"""Accounts: made, changed, deactivated and removed; one active administrator always stays."""

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from libs.common.contracts.access import Membership, Role, User, UserChange, UserRequest
from libs.common.contracts.base import Page, PageQuery, now
from libs.common.ids import new_id
from libs.common.paging import after, page_of
from services.gateway.errors import AccountIsTaken, LastAdministratorStays, UserIsMissing
from services.gateway.models import MembershipRow, UserRow
from services.gateway.people.oidc import Identity
from services.gateway.repository.sessions import Sessions
from services.gateway.repository.tokens import Tokens
from services.gateway.repository.users import Members, Users

FIRST = "admin"


class Accounts:
    """Hashes come from outside: making one takes longer than a transaction should."""

    def __init__(self, users: Users, members: Members, tokens: Tokens, sessions: Sessions) -> None:
        self._users = users
        self._members = members
        self._tokens = tokens
        self._sessions = sessions

    async def is_first(self) -> bool:
        """There is no account yet."""
        return await self._users.is_empty()

    async def ensure_first(self, password_hash: str | None) -> UUID:
        """The administrator of the house: made if there is no account at all."""
        if await self._users.is_empty():
            await self._users.add(_row(FIRST, Role.ADMIN, password_hash))
        first = (await self._users.active_administrators())[0].id
        await self._tokens.adopt(first)
        return first

    async def page(self, words: str | None, query: PageQuery) -> Page[User]:
        rows = await self._users.page(words, after(query, str), query.limit + 1)
        memberships = await self._members.of_users([row.id for row in rows])
        return page_of(rows, query, lambda row: user_view(row, memberships), lambda row: row.name)

    async def get(self, user_id: UUID) -> User:
        return await self._viewed(await self._existing(user_id))

    async def create(self, wanted: UserRequest, password_hash: str) -> User:
        row = _row(wanted.name, wanted.role, password_hash)
        row.email = wanted.email
        if not await self._users.add(row):
            raise AccountIsTaken(f"there is an account {wanted.name!r} already")
        return user_view(row, ())

    async def change(self, user_id: UUID, wanted: UserChange, password_hash: str | None) -> User:
        administrators = await self._users.active_administrators()
        row = await self._existing(user_id, lock=True)
        if wanted.role not in (None, Role.ADMIN) or wanted.is_active is False:
            _require_another(administrators, row)
        if wanted.role is not None:
            row.role = wanted.role
        if "email" in wanted.model_fields_set:
            row.email = wanted.email
        if wanted.is_active is not None:
            row.is_active = wanted.is_active
        if password_hash is not None:
            row.password_hash = password_hash
        await self._users.flush()
        if not row.is_active:
            await self._tokens.delete_of(row.id)
        if not row.is_active or password_hash is not None:
            await self._sessions.delete_of(row.id)
        return await self._viewed(row)

    async def delete(self, user_id: UUID) -> None:
        administrators = await self._users.active_administrators()
        row = await self._existing(user_id, lock=True)
        _require_another(administrators, row)
        await self._users.delete(row)

    async def find(self, name: str) -> UserRow | None:
        return await self._users.named(name)

    async def external(self, issuer: str, identity: Identity, role: Role) -> UserRow:
        """Of who signs in with the identity provider; made on the first time.

        Never an account that was there before, whatever name or address the provider tells: those are
        what people may choose for themselves there.
        """
        for name in _names(identity.wanted_name):
            if (found := await self._users.external(issuer, identity.subject)) is not None:
                return found
            row = _row(name, role, None)
            row.email, row.issuer, row.subject = identity.email, issuer, identity.subject
            if await self._users.add(row):
                return row
        raise AccountIsTaken("no name was free for this account")

    async def password_hash(self, user_id: UUID) -> str | None:
        return (await self._existing(user_id)).password_hash

    async def set_password(self, user_id: UUID, password_hash: str) -> None:
        (await self._existing(user_id, lock=True)).password_hash = password_hash

    async def _viewed(self, row: UserRow) -> User:
        return user_view(row, await self._members.of_users([row.id]))

    async def _existing(self, user_id: UUID, *, lock: bool = False) -> UserRow:
        row = await self._users.get(user_id, lock=lock)
        if row is None:
            raise UserIsMissing("there is no such account")
        return row


def _names(wanted: str) -> Iterator[str]:
    """What can be a name of what the provider says; with other ends where it is taken."""
    name = re.sub(r"[^a-z0-9._@+-]", "-", wanted.lower()).lstrip("._@+-")[:90] or "user"
    yield name
    for _ in range(3):
        yield f"{name}-{new_id().hex[-6:]}"


def _row(name: str, role: Role, password_hash: str | None) -> UserRow:
    return UserRow(
        id=new_id(), name=name, role=role, password_hash=password_hash, is_active=True, created_at=now()
    )


def _require_another(administrators: Sequence[UserRow], row: UserRow) -> None:
    if [each.id for each in administrators] == [row.id]:
        raise LastAdministratorStays(f"{row.name} is the last active administrator: name another one first")


def user_view(row: UserRow, memberships: Sequence[MembershipRow]) -> User:
    return User(
        id=row.id,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        is_active=row.is_active,
        has_password=row.password_hash is not None,
        is_external=row.subject is not None,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        projects=tuple(
            Membership(project_id=each.project_id, role=Role(each.role))
            for each in memberships
            if each.user_id == row.id
        ),
    )
