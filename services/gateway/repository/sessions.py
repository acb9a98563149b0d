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

    async def page(
        self, user_id: UUID, token_id: UUID | None, last: UUID | None, limit: int
    ) -> Sequence[SessionRow]:
        """Those in force, newest first; of one token, or of all."""
        statement = select(SessionRow).where(SessionRow.user_id == user_id, SessionRow.expires_at > now())
        if token_id is not None:
            statement = statement.where(SessionRow.token_id == token_id)
        if last is not None:
            statement = statement.where(SessionRow.id < last)
        return (await self._session.scalars(statement.order_by(SessionRow.id.desc()).limit(limit))).all()

    async def touch(self, session_id: UUID, at: datetime) -> None:
        await self._session.execute(
            update(SessionRow).where(SessionRow.id == session_id).values(last_seen_at=at)
        )

    async def delete_one(self, session_id: UUID, user_id: UUID, token_id: UUID | None) -> bool:
        """Of this account, and of this token if one is given; whether there was one."""
        statement = delete(SessionRow).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
        if token_id is not None:
            statement = statement.where(SessionRow.token_id == token_id)
        found = await self._session.scalars(statement.returning(SessionRow.id))
        return found.one_or_none() is not None

    async def delete_of(
        self, user_id: UUID, *, but: bytes | None = None, token_id: UUID | None = None
    ) -> None:
        statement = delete(SessionRow).where(SessionRow.user_id == user_id)
        if but is not None:
            statement = statement.where(SessionRow.digest != but)
        if token_id is not None:
            statement = statement.where(SessionRow.token_id == token_id)
        await self._session.execute(statement)

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
