"""Every SQL statement of the gateway."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.ids import new_id
from services.gateway.models import AnswerRow, TokenRow

# Longer than any request takes: a claim this old was left by a gateway that died.
UNFINISHED_FOR = timedelta(minutes=1)


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_token(self, row: TokenRow) -> TokenRow:
        self._session.add(row)
        await self._session.flush()
        return row

    async def ensure_token(self, row: TokenRow) -> None:
        """The admin token of the settings is there after every start, once."""
        values = {
            "id": row.id,
            "name": row.name,
            "role": row.role,
            "prefix": row.prefix,
            "digest": row.digest,
        }
        await self._session.execute(
            insert(TokenRow)
            .values(**values, created_at=now())
            .on_conflict_do_nothing(index_elements=["digest"])
        )

    async def token_by_digest(self, digest: bytes) -> TokenRow | None:
        return await self._session.scalar(select(TokenRow).where(TokenRow.digest == digest))

    async def tokens(self) -> list[TokenRow]:
        return list(await self._session.scalars(select(TokenRow).order_by(TokenRow.id)))

    async def touch_token(self, token_id: UUID, at: datetime) -> None:
        await self._session.execute(update(TokenRow).where(TokenRow.id == token_id).values(last_used_at=at))

    async def delete_token(self, token_id: UUID) -> bool:
        deleted = await self._session.execute(
            delete(TokenRow).where(TokenRow.id == token_id).returning(TokenRow.id)
        )
        return deleted.scalar_one_or_none() is not None

    async def claim_answer(self, token_id: UUID, key: str, digest: bytes) -> AnswerRow | None:
        """None if this request is the first with the key; else what the first one left."""
        await self._session.execute(
            delete(AnswerRow).where(
                AnswerRow.token_id == token_id,
                AnswerRow.key == key,
                AnswerRow.status.is_(None),
                AnswerRow.created_at < now() - UNFINISHED_FOR,
            )
        )
        first = await self._session.execute(
            insert(AnswerRow)
            .values(id=new_id(), token_id=token_id, key=key, digest=digest, created_at=now())
            .on_conflict_do_nothing(index_elements=["token_id", "key"])
            .returning(AnswerRow.id)
        )
        if first.scalar_one_or_none() is not None:
            return None
        return await self._session.scalar(
            select(AnswerRow).where(AnswerRow.token_id == token_id, AnswerRow.key == key)
        )

    async def keep_answer(self, token_id: UUID, key: str, status: int, media_type: str, body: bytes) -> None:
        await self._session.execute(
            update(AnswerRow)
            .where(AnswerRow.token_id == token_id, AnswerRow.key == key)
            .values(status=status, media_type=media_type, body=body)
        )

    async def forget_answer(self, token_id: UUID, key: str) -> None:
        await self._session.execute(
            delete(AnswerRow).where(AnswerRow.token_id == token_id, AnswerRow.key == key)
        )

    async def forget_answers_before(self, age: timedelta) -> None:
        await self._session.execute(delete(AnswerRow).where(AnswerRow.created_at < now() - age))
