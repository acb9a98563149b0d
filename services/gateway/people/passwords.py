"""Passwords: stored as Argon2 says, tried in a thread and a few at once, for each try takes 64 MiB."""

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
MADE_BYTES = 15
_hasher = PasswordHasher()
_turns = asyncio.Semaphore(AT_ONCE)


def made_password() -> str:
    """For who has none yet; twenty letters and digits."""
    return secrets.token_urlsafe(MADE_BYTES)


async def hashed(password: str) -> str:
    async with _turns:
        return await asyncio.to_thread(_hasher.hash, password)


async def is_right(password: str, stored: str | None) -> bool:
    """Without a stored one it takes as long as with one: the time says nothing about the account."""
    async with _turns:
        return await asyncio.to_thread(_verify, password, stored)


def is_outdated(stored: str) -> bool:
    """Made with less work than is asked for today."""
    return _hasher.check_needs_rehash(stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        _hasher.verify(stored or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobodys() -> str:
    return _hasher.hash(made_password())
