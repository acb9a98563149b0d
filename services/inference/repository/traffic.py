"""Statements about traffic: by deployment, minute, version and the instance that counted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.inference.models import DeploymentRow, TrafficRow

COUNTS = ("num_requests", "num_images", "errors", "buckets")


class Traffic:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def existing(self, names: Collection[str]) -> set[str]:
        """Locked until the end of the transaction: none of them is deleted meanwhile."""
        statement = select(DeploymentRow.name).where(DeploymentRow.name.in_(names), ~DeploymentRow.is_deleted)
        return set(await self._session.scalars(statement.with_for_update(read=True)))

    async def store(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """In the place of what the same instance stored of the same minutes."""
        statement = insert(TrafficRow)
        renewed = {column: statement.excluded[column] for column in COUNTS}
        await self._session.execute(
            statement.on_conflict_do_update(constraint="pk_traffic", set_=renewed), list(rows)
        )

    async def since(self, name: str, at: datetime) -> Sequence[TrafficRow]:
        statement = select(TrafficRow).where(TrafficRow.deployment == name, TrafficRow.at >= at)
        return (await self._session.scalars(statement.order_by(TrafficRow.at))).all()

    async def forget_before(self, at: datetime) -> None:
        await self._session.execute(delete(TrafficRow).where(TrafficRow.at < at))
