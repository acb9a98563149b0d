"""Every SQL statement of the notifier."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier.models import ChannelRow, DeliveryRow


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, delivery: DeliveryRow) -> None:
        self._session.add(delivery)
        await self._session.flush()

    async def channels_for(self, fact_type: str) -> Sequence[ChannelRow]:
        wants_all = func.jsonb_array_length(ChannelRow.facts) == 0
        statement = select(ChannelRow).where(or_(wants_all, ChannelRow.facts.contains([fact_type])))
        return (await self._session.scalars(statement.order_by(ChannelRow.id))).all()

    async def page_channels(self, after: UUID | None, limit: int) -> Sequence[ChannelRow]:
        statement = select(ChannelRow).order_by(ChannelRow.id).limit(limit)
        if after is not None:
            statement = statement.where(ChannelRow.id > after)
        return (await self._session.scalars(statement)).all()

    async def page_deliveries(self, before: UUID | None, limit: int) -> Sequence[DeliveryRow]:
        """Newest first: ids grow with time."""
        statement = select(DeliveryRow).order_by(DeliveryRow.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(DeliveryRow.id < before)
        return (await self._session.scalars(statement)).all()
