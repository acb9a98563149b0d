"""SQL of evaluations."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.evaluations import EvaluationState, ListEvaluations
from libs.common.db.within import first_rows
from libs.common.owners import Owner, owners_by_key
from services.evaluator.models import EvaluationRow, LeftoverRow

OPEN = (EvaluationState.QUEUED, EvaluationState.RUNNING)


class EvaluationRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: EvaluationRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def get(self, evaluation_id: UUID) -> EvaluationRow | None:
        return await self._session.get(EvaluationRow, evaluation_id)

    async def lock(self, evaluation_id: UUID) -> EvaluationRow | None:
        return await self._session.get(EvaluationRow, evaluation_id, with_for_update=True)

    async def owners(self, ids: Sequence[UUID]) -> dict[str, Owner]:
        statement = select(EvaluationRow.id, EvaluationRow.project_id).where(EvaluationRow.id.in_(ids))
        return await owners_by_key(self._session, statement)

    async def page(self, wanted: ListEvaluations, before: UUID | None, limit: int) -> Sequence[EvaluationRow]:
        """Newest first: ids grow with time."""
        values = {
            EvaluationRow.run_id: wanted.run_id,
            EvaluationRow.project_id: wanted.project_id,
            EvaluationRow.state: wanted.state,
        }
        statement = select(EvaluationRow).where(
            *(column == value for column, value in values.items() if value is not None)
        )
        if before is not None:
            statement = statement.where(EvaluationRow.id < before)
        page = first_rows(
            statement, [EvaluationRow.id], limit, wanted.within, EvaluationRow.project_id, is_falling=True
        )
        return (await self._session.scalars(page)).all()

    async def set_running(self, evaluation_id: UUID) -> bool:
        """False when it is gone or has ended."""
        statement = (
            update(EvaluationRow)
            .where(EvaluationRow.id == evaluation_id, EvaluationRow.state.in_(OPEN))
            .values(state=EvaluationState.RUNNING)
            .returning(EvaluationRow.id)
        )
        return await self._session.scalar(statement) is not None

    async def open_in_project(self, project_id: UUID) -> Sequence[EvaluationRow]:
        statement = select(EvaluationRow).where(
            EvaluationRow.project_id == project_id, EvaluationRow.state.in_(OPEN)
        )
        return (await self._session.scalars(statement)).all()

    async def delete(self, evaluation_id: UUID) -> None:
        """Its results are swept away afterwards: a million rows take seconds."""
        await self._session.execute(delete(EvaluationRow).where(EvaluationRow.id == evaluation_id))
        statement = insert(LeftoverRow).values(evaluation_id=evaluation_id)
        await self._session.execute(statement.on_conflict_do_nothing())

    async def delete_project(self, project_id: UUID) -> None:
        gone = delete(EvaluationRow).where(EvaluationRow.project_id == project_id).returning(EvaluationRow.id)
        for evaluation_id in (await self._session.scalars(gone)).all():
            statement = insert(LeftoverRow).values(evaluation_id=evaluation_id)
            await self._session.execute(statement.on_conflict_do_nothing())
