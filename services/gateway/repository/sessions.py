"""Browsers that have signed in, and sign-ins that failed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from services.gateway.models import AttemptRow, SessionRow, TokenRow, UserRow


class Sessions:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: SessionRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def by_digest(self, digest: bytes) -> tuple[SessionRow, UserRow, TokenRow | None] | None:
        statement = (
            select(SessionRow, UserRow, TokenRow)
            .join(UserRow, UserRow.id == SessionRow.user_id)
            .outerjoin(TokenRow, TokenRow.id == SessionRow.token_id)
            .where(SessionRow.digest == digest)
        )
        found = (await self._session.execute(statement)).one_or_none()
        return found and (found[0], found[1], found[2])

    async def delete(self, digest: bytes) -> None:
        await self._session.execute(delete(SessionRow).where(SessionRow.digest == digest))

    async def delete_of(self, user_id: UUID, *, but: bytes | None = None) -> None:
        statement = delete(SessionRow).where(SessionRow.user_id == user_id)
        await self._session.execute(statement if but is None else statement.where(SessionRow.digest != but))

    async def delete_expired(self) -> None:
        await self._session.execute(delete(SessionRow).where(SessionRow.expires_at <= now()))


class Attempts:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, keys: Sequence[bytes], within: timedelta) -> dict[bytes, tuple[int, datetime]]:
        """One more for each; how many there are now, and since when. What is older counts no more."""
        moment = now()
        is_over = AttemptRow.since <= moment - within
        statement = insert(AttemptRow).values([{"key": key, "count": 1, "since": moment} for key in keys])
        counted = statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((is_over, 1), else_=AttemptRow.count + 1),
                "since": case((is_over, moment), else_=AttemptRow.since),
            },
        ).returning(AttemptRow.key, AttemptRow.count, AttemptRow.since)
        return {key: (count, since) for key, count, since in await self._session.execute(counted)}

    async def take_back(self, key: bytes) -> None:
        fewer = func.greatest(AttemptRow.count - 1, 0)
        await self._session.execute(update(AttemptRow).where(AttemptRow.key == key).values(count=fewer))

    async def forget(self, key: bytes) -> None:
        await self._session.execute(delete(AttemptRow).where(AttemptRow.key == key))

    async def forget_before(self, age: timedelta) -> None:
        await self._session.execute(delete(AttemptRow).where(AttemptRow.since < now() - age))
