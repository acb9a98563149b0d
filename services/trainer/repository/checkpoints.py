"""Checkpoints: one row per name and run."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.trainer.models import CheckpointRow


class Checkpoints:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, row: CheckpointRow) -> CheckpointRow:
        """In the place of the one of the same name."""
        stored = await self._session.merge(row)
        await self._session.flush()
        return stored

    async def get(self, run_id: UUID, name: str) -> CheckpointRow | None:
        return await self._session.get(CheckpointRow, (run_id, name))

    async def of_run(self, run_id: UUID) -> Sequence[CheckpointRow]:
        """The latest first."""
        statement = (
            select(CheckpointRow)
            .where(CheckpointRow.run_id == run_id)
            .order_by(CheckpointRow.step.desc(), CheckpointRow.name)
        )
        return (await self._session.scalars(statement)).all()

    async def delete(self, run_id: UUID, name: str) -> None:
        await self._session.execute(
            delete(CheckpointRow).where(CheckpointRow.run_id == run_id, CheckpointRow.name == name)
        )
