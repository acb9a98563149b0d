"""Which runs' bytes are to be looked through, and when."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.trainer.models import SweepRow


class Sweeps:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ask(self, run_ids: Iterable[UUID], due_at: datetime) -> None:
        """A sweep that is asked for already keeps its time."""
        rows = [{"run_id": run_id, "due_at": due_at} for run_id in run_ids]
        if not rows:
            return
        await self._session.execute(insert(SweepRow).values(rows).on_conflict_do_nothing())

    async def next_due(self, at: datetime) -> SweepRow | None:
        """Locked; those another process is at are passed over."""
        statement = (
            select(SweepRow).where(SweepRow.due_at <= at).order_by(SweepRow.due_at).limit(1)
        ).with_for_update(skip_locked=True)
        return await self._session.scalar(statement)

    async def put_off(self, run_id: UUID, due_at: datetime) -> None:
        await self._session.execute(update(SweepRow).where(SweepRow.run_id == run_id).values(due_at=due_at))

    async def done(self, run_id: UUID) -> None:
        await self._session.execute(delete(SweepRow).where(SweepRow.run_id == run_id))
