"""The audit log."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.access import AuditQuery
from libs.common.contracts.base import now
from services.gateway.models import AuditRow


class Audit:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: AuditRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def page(self, wanted: AuditQuery, last: UUID | None, limit: int) -> Sequence[AuditRow]:
        """Newest first: ids grow with time."""
        statement = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if last is not None:
            statement = statement.where(AuditRow.id < last)
        for column in ("actor", "action", "project_id"):
            if (value := getattr(wanted, column)) is not None:
                statement = statement.where(getattr(AuditRow, column) == value)
        match wanted.outcome:
            case "done":
                statement = statement.where(AuditRow.status < 400)
            case "refused":
                statement = statement.where(AuditRow.status >= 400)
            case None:
                pass
        if wanted.since is not None:
            statement = statement.where(AuditRow.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(AuditRow.at < wanted.until)
        return (await self._session.scalars(statement)).all()

    async def forget_before(self, age: timedelta) -> None:
        await self._session.execute(delete(AuditRow).where(AuditRow.at < now() - age))
