"""API tokens."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.models import TokenRow, UserRow


class Tokens:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: TokenRow) -> TokenRow:
        self._session.add(row)
        await self._session.flush()
        return row

    async def give(self, row: TokenRow) -> None:
        """The token of the settings is there after every start, once; the one they named before is not."""
        values = {"user_id": row.user_id, "is_given": True}
        kept = {name: getattr(row, name) for name in ("id", "name", "role", "prefix", "digest", "created_at")}
        await self._session.execute(
            insert(TokenRow)
            .values(**kept, **values)
            .on_conflict_do_update(index_elements=["digest"], set_=values)
        )
        await self._session.execute(delete(TokenRow).where(TokenRow.is_given, TokenRow.digest != row.digest))

    async def adopt(self, user_id: UUID) -> None:
        """Those of before there were accounts."""
        await self._session.execute(
            update(TokenRow).where(TokenRow.user_id.is_(None)).values(user_id=user_id)
        )

    async def by_digest(self, digest: bytes) -> tuple[TokenRow, UserRow] | None:
        statement = select(TokenRow, UserRow).join(UserRow, UserRow.id == TokenRow.user_id)
        found = (await self._session.execute(statement.where(TokenRow.digest == digest))).one_or_none()
        return found and (found[0], found[1])

    async def get(self, token_id: UUID) -> TokenRow | None:
        return await self._session.scalar(select(TokenRow).where(TokenRow.id == token_id))

    async def page(
        self, user_id: UUID | None, last: UUID | None, limit: int
    ) -> Sequence[tuple[TokenRow, str | None]]:
        """With their owners' names; of one account or of all."""
        statement = select(TokenRow, UserRow.name).outerjoin(UserRow, UserRow.id == TokenRow.user_id)
        if user_id is not None:
            statement = statement.where(TokenRow.user_id == user_id)
        if last is not None:
            statement = statement.where(TokenRow.id > last)
        rows = await self._session.execute(statement.order_by(TokenRow.id).limit(limit))
        return [(row, name) for row, name in rows]

    async def touch(self, token_id: UUID, at: datetime) -> None:
        await self._session.execute(update(TokenRow).where(TokenRow.id == token_id).values(last_used_at=at))

    async def delete(self, row: TokenRow) -> None:
        await self._session.execute(delete(TokenRow).where(TokenRow.id == row.id))

    async def delete_of(self, user_id: UUID) -> None:
        await self._session.execute(delete(TokenRow).where(TokenRow.user_id == user_id))
