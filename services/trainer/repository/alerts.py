"""Alerts, open and closed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.system import AlertKind, AlertSeverity, ListAlerts
from libs.common.ids import new_id
from services.trainer.models import AlertRow

IS_OPEN = AlertRow.cleared_at.is_(None)


class Alerts:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def open_alerts(self, node: str | None = None) -> Sequence[AlertRow]:
        """Of this node, or of all."""
        statement = select(AlertRow).where(IS_OPEN).order_by(AlertRow.id)
        if node is not None:
            statement = statement.where(AlertRow.node == node)
        return (await self._session.scalars(statement)).all()

    async def page(self, wanted: ListAlerts, before: UUID | None, limit: int) -> Sequence[AlertRow]:
        """Newest first: ids grow with time."""
        statement = select(AlertRow).order_by(AlertRow.id.desc()).limit(limit)
        if wanted.node is not None:
            statement = statement.where(AlertRow.node == wanted.node)
        if wanted.is_open is not None:
            statement = statement.where(IS_OPEN if wanted.is_open else ~IS_OPEN)
        if before is not None:
            statement = statement.where(AlertRow.id < before)
        return (await self._session.scalars(statement)).all()

    async def open(
        self, node: str, part: str, kind: AlertKind, severity: AlertSeverity, message: str, at: datetime
    ) -> AlertRow | None:
        """None when one of the kind is open there already."""
        given = {"node": node, "part": part, "kind": kind.value, "severity": severity.value}
        statement = (
            insert(AlertRow)
            .values(id=new_id(), message=message, raised_at=at, **given)
            .on_conflict_do_nothing(
                index_elements=["node", "part", "kind"], index_where=text("cleared_at IS NULL")
            )
            .returning(AlertRow)
        )
        return await self._session.scalar(statement)

    async def change(self, row: AlertRow, severity: AlertSeverity, message: str) -> None:
        row.severity, row.message = severity.value, message
        await self._session.flush()

    async def close(self, row: AlertRow, at: datetime) -> bool:
        """False when another process has closed it meanwhile."""
        statement = (
            update(AlertRow)
            .where(AlertRow.id == row.id, IS_OPEN)
            .values(cleared_at=at)
            .returning(AlertRow.id)
        )
        return (await self._session.scalar(statement)) is not None

    async def forget(self, before: datetime) -> None:
        """Those that were over by then."""
        await self._session.execute(delete(AlertRow).where(AlertRow.cleared_at < before))
