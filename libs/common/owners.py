"""How every room answers whose its things are: an owner for each key, or what is missing in its words."""

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.owners import OwnersQuestion
from libs.common.errors import NotFound, Problem

Owner = UUID | None
# What the room says of a key that is not there.
Words = Callable[[str], str]


def ids_of(keys: Iterable[str]) -> list[UUID]:
    """Without those that are none: nothing has such a key."""
    return [found for found in map(_id, keys) if found is not None]


async def owners_by_key(session: AsyncSession, statement: Executable) -> dict[str, Owner]:
    """Of rows of key and owner."""
    return {str(key): owner for key, owner in await session.execute(statement)}


def projects_of(
    asked: OwnersQuestion, found: dict[str, Owner], missing: type[NotFound], words: Words
) -> tuple[Owner, ...]:
    within = asked.within
    if within is not None:
        found = {key: owner for key, owner in found.items() if owner in within}
    return in_order(asked.keys, found, missing, words)


def in_order(
    keys: Iterable[str], found: dict[str, Owner], missing: type[NotFound], words: Words
) -> tuple[Owner, ...]:
    """Raises `missing`, whose problem names the key by its place."""
    for place, key in enumerate(keys):
        if key not in found:
            raise missing(words(key), errors=[Problem(row=place, message=words(key))])
    return tuple(found[key] for key in keys)


def _id(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
