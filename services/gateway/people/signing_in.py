"""Signing in, with a name and its password or with a token, and changing one's password."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from libs.common.contracts.access import Caller, Login, PasswordChange
from libs.common.errors import BadInput, Problem
from services.gateway.doors import Doors
from services.gateway.errors import AccountIsInactive, CredentialsAreWrong, PasswordIsWrong, TooManyAttempts
from services.gateway.people import passwords
from services.gateway.people.oidc import Identity
from services.gateway.people.sessions import OpenedSession, Visitor


@dataclass(frozen=True)
class SignedIn:
    caller: Caller
    session: OpenedSession


async def sign_in(house: Doors, login: Login, visitor: Visitor) -> SignedIn:
    """Raises CredentialsAreWrong, TokenIsUnknown, TokenIsExpired, AccountIsInactive or TooManyAttempts."""
    if login.token is not None and login.name is None and login.password is None:
        return await _with_token(house, login.token.get_secret_value(), visitor)
    if login.name is not None and login.password is not None and login.token is None:
        return await _with_password(house, login.name, login.password.get_secret_value(), visitor)
    problem = Problem(field="name", message="send a name and its password, or a token")
    raise BadInput("there is one way at a time to sign in", errors=[problem])


async def sign_in_externally(house: Doors, identity: Identity, visitor: Visitor) -> SignedIn:
    """Raises AccountIsInactive, or TooManyAttempts for an address that failed elsewhere."""
    assert house.settings.oidc is not None
    await _count(house, None, visitor.address)
    async with house.changing_people() as people:
        user = await people.accounts.external(
            house.settings.oidc.issuer.rstrip("/"), identity, house.settings.oidc.role
        )
        await people.attempts.succeeded(None, visitor.address)
    if not user.is_active:
        raise AccountIsInactive("this account is not active any more")
    return await _opened(house, user.id, visitor)


async def change_password(
    house: Doors, caller: Caller, wanted: PasswordChange, *, session: str, address: str
) -> None:
    """Ends every other session of the account."""
    assert caller.user_id is not None
    await _count(house, caller.name, address)
    async with house.people() as people:
        stored = await people.accounts.password_hash(caller.user_id)
    if not await passwords.is_right(wanted.old.get_secret_value(), stored):
        problem = Problem(field="old", message="this is not the password")
        raise PasswordIsWrong("the old password is not right", errors=[problem])
    fresh = await passwords.hashed(wanted.new.get_secret_value())
    async with house.changing_people() as people:
        await people.attempts.succeeded(caller.name, address)
        await people.accounts.set_password(caller.user_id, fresh)
        await people.sessions.close_others(caller.user_id, session)


async def _with_password(house: Doors, typed: str, password: str, visitor: Visitor) -> SignedIn:
    """An account that is not there costs as much time as one that is, and gets the same answer."""
    name = typed.strip().lower()
    await _count(house, name, visitor.address)
    async with house.people() as people:
        found = await people.accounts.find(name)
    stored = found.password_hash if found else None
    is_right = await passwords.is_right(password, stored)
    if found is None or stored is None or not is_right or not found.is_active:
        refused = CredentialsAreWrong("name and password do not belong together")
        refused.account = found.name if found else None
        raise refused
    fresh = await passwords.hashed(password) if passwords.is_outdated(stored) else None
    async with house.changing_people() as people:
        if fresh is not None:
            await people.accounts.set_password(found.id, fresh)
        await people.attempts.succeeded(name, visitor.address)
    return await _opened(house, found.id, visitor)


async def _with_token(house: Doors, secret: str, visitor: Visitor) -> SignedIn:
    await _count(house, None, visitor.address)
    async with house.people() as people:
        token_id, user_id = await people.recognising.owner_of_token(secret)
    async with house.people() as people:
        await people.attempts.succeeded(None, visitor.address)
    return await _opened(house, user_id, visitor, token_id)


async def _opened(house: Doors, user_id: UUID, visitor: Visitor, token_id: UUID | None = None) -> SignedIn:
    lasts = timedelta(hours=house.settings.login.session_hours)
    async with house.people() as people:
        session = await people.sessions.open(user_id, visitor, lasts, token_id)
    return SignedIn(await house.caller(session.secret), session)


async def _count(house: Doors, account: str | None, address: str) -> None:
    async with house.people() as people:
        seconds = await people.attempts.count(house.settings.login, account, address)
    if seconds:
        raise TooManyAttempts(f"too many tries: come back in {seconds} s", retry_after_seconds=seconds)
