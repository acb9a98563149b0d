"""Bytes whose rows were deleted: named in that transaction, removed after it, however often that takes.

So no row ever speaks of bytes that are gone, and no kill leaves bytes that nobody removes.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.contracts.jobs import JobState
from libs.common.db.holding import may_delete_bytes
from libs.common.jobs import JobQueue
from libs.common.jobs.queue import JobNotFound
from libs.common.room import Resources

AT_ONCE = 50


class TrashTable:
    """The columns of a room's `trash`; a row is kept while `job_id` may still write below its prefix."""

    prefix: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]


class Trash:
    def __init__(self, session: AsyncSession, rows: type[TrashTable]) -> None:
        self._session = session
        self._rows = rows

    async def add(self, prefix: str, job_id: UUID | None = None) -> None:
        """A key is a prefix, too."""
        statement = insert(self._rows).values(prefix=prefix, job_id=job_id)
        await self._session.execute(statement.on_conflict_do_nothing())

    async def take_back(self, prefix: str) -> None:
        """Something is to be written there again; waits for who removes there just now."""
        await self._session.execute(delete(self._rows).where(self._rows.prefix == prefix))

    async def some(self, limit: int) -> Sequence[TrashTable]:
        """Locked; those another process is at are passed over."""
        statement = select(self._rows).limit(limit).with_for_update(skip_locked=True)
        return (await self._session.scalars(statement)).all()

    async def forget(self, row: TrashTable) -> None:
        await self._session.delete(row)


async def empty(resources: Resources[Any], rows: type[TrashTable]) -> None:
    """Some of it; nothing while a backup is under way."""
    async with resources.database.transaction() as session:
        if not await may_delete_bytes(session):
            return
        trash, queue = Trash(session, rows), JobQueue(session)
        for row in await trash.some(AT_ONCE):
            # Asked before removing: what a job wrote before its end is removed with the rest.
            is_quiet = await _is_quiet(queue, row)
            await resources.storage.remove_prefix(row.prefix)
            if is_quiet:
                await trash.forget(row)


async def _is_quiet(queue: JobQueue, row: TrashTable) -> bool:
    """Whether no job can write under the prefix any more."""
    if row.job_id is None:
        return True
    try:
        return JobState((await queue.get(row.job_id)).state).is_final
    except JobNotFound:
        return True
