"""SQL of exports."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.exports import ExportState, ListExports
from libs.common.db.within import first_rows
from libs.common.owners import Owner, owners_by_key
from services.exporter.models import ExportRow

OPEN = (ExportState.QUEUED, ExportState.RUNNING)


class ExportRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ExportRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def export(self, export_id: UUID) -> ExportRow | None:
        return await self._session.get(ExportRow, export_id)

    async def lock_export(self, export_id: UUID) -> ExportRow | None:
        return await self._session.get(ExportRow, export_id, with_for_update=True)

    async def owners(self, ids: Sequence[UUID]) -> dict[str, Owner]:
        statement = select(ExportRow.id, ExportRow.project_id).where(ExportRow.id.in_(ids))
        return await owners_by_key(self._session, statement)

    async def page_exports(self, wanted: ListExports, before: UUID | None, limit: int) -> Sequence[ExportRow]:
        """Newest first: ids grow with time."""
        statement = select(ExportRow)
        if wanted.run_id is not None:
            statement = statement.where(ExportRow.run_id == wanted.run_id)
        if wanted.project_id is not None:
            statement = statement.where(ExportRow.project_id == wanted.project_id)
        if before is not None:
            statement = statement.where(ExportRow.id < before)
        page = first_rows(
            statement, [ExportRow.id], limit, wanted.within, ExportRow.project_id, is_falling=True
        )
        return (await self._session.scalars(page)).all()

    async def set_running(self, export_id: UUID) -> bool:
        """False when it is gone or has ended."""
        statement = (
            update(ExportRow)
            .where(ExportRow.id == export_id, ExportRow.state.in_(OPEN))
            .values(state=ExportState.RUNNING)
            .returning(ExportRow.id)
        )
        return await self._session.scalar(statement) is not None

    async def exports_of_project(self, project_id: UUID) -> Sequence[ExportRow]:
        statement = select(ExportRow).where(ExportRow.project_id == project_id)
        return (await self._session.scalars(statement)).all()

    async def remove(self, row: ExportRow) -> None:
        await self._session.delete(row)

    async def delete_project(self, project_id: UUID) -> None:
        await self._session.execute(delete(ExportRow).where(ExportRow.project_id == project_id))
