"""Answers kept for Idempotency-Key."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.ids import new_id
from services.gateway.models import AnswerRow

# Longer than any request takes: a claim this old was left by a gateway that died.
UNFINISHED_FOR = timedelta(minutes=1)


class Answers:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(self, caller_id: UUID, key: str, digest: bytes) -> AnswerRow | None:
        """None if this request is the first with the key; else what the first one left."""
        await self._session.execute(
            delete(AnswerRow).where(
                AnswerRow.caller_id == caller_id,
                AnswerRow.key == key,
                AnswerRow.status.is_(None),
                AnswerRow.created_at < now() - UNFINISHED_FOR,
            )
        )
        first = await self._session.execute(
            insert(AnswerRow)
            .values(id=new_id(), caller_id=caller_id, key=key, digest=digest, created_at=now())
            .on_conflict_do_nothing(index_elements=["caller_id", "key"])
            .returning(AnswerRow.id)
        )
        if first.scalar_one_or_none() is not None:
            return None
        return await self._session.scalar(
            select(AnswerRow).where(AnswerRow.caller_id == caller_id, AnswerRow.key == key)
        )

    async def keep(
        self,
        caller_id: UUID,
        key: str,
        status: int,
        media_type: str,
        body: bytes,
        project_id: UUID | None,
    ) -> None:
        await self._session.execute(
            update(AnswerRow)
            .where(AnswerRow.caller_id == caller_id, AnswerRow.key == key)
            .values(status=status, media_type=media_type, body=body, project_id=project_id)
        )

    async def forget(self, caller_id: UUID, key: str) -> None:
        await self._session.execute(
            delete(AnswerRow).where(AnswerRow.caller_id == caller_id, AnswerRow.key == key)
        )

    async def forget_before(self, age: timedelta) -> None:
        await self._session.execute(delete(AnswerRow).where(AnswerRow.created_at < now() - age))
