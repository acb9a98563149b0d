"""Every SQL statement of the notifier."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.channels import DeliveryState, ListDeliveries
from libs.common.db.within import first_rows
from services.notifier.errors import ChannelNameIsTaken
from services.notifier.models import ChannelRow, DeliveryRow

UNIQUE_NAME = "uq_channels_project_id_name"
PENDING = DeliveryRow.state == DeliveryState.PENDING.value
# Deleted at once at most, so that nobody waits for a clearing.
CLEARED_AT_ONCE = 5000


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_channel(self, channel: ChannelRow) -> None:
        self._session.add(channel)
        await self.flush(channel)

    async def flush(self, channel: ChannelRow) -> None:
        """Raises ChannelNameIsTaken."""
        name = channel.name
        try:
            await self._session.flush()
        except IntegrityError as error:
            if UNIQUE_NAME in str(error.orig):
                raise ChannelNameIsTaken(f"there is a channel {name!r} already") from error
            raise

    async def add(self, deliveries: Sequence[DeliveryRow]) -> None:
        self._session.add_all(deliveries)
        await self._session.flush()

    async def channel(self, channel_id: UUID, *, is_to_change: bool = False) -> ChannelRow | None:
        return await self._session.get(ChannelRow, channel_id, with_for_update=is_to_change)

    async def channels(self, ids: Sequence[UUID]) -> Sequence[ChannelRow]:
        return (await self._session.scalars(select(ChannelRow).where(ChannelRow.id.in_(ids)))).all()

    async def active_channels(self) -> Sequence[ChannelRow]:
        statement = select(ChannelRow).where(ChannelRow.is_active).order_by(ChannelRow.id)
        return (await self._session.scalars(statement)).all()

    async def aimed_channels(self) -> Sequence[ChannelRow]:
        """Those with something sealed, to be changed."""
        statement = select(ChannelRow).where(or_(ChannelRow.url.is_not(None), ChannelRow.secret.is_not(None)))
        return (await self._session.scalars(statement.order_by(ChannelRow.id).with_for_update())).all()

    async def delete_channel(self, channel: ChannelRow) -> None:
        await self._session.delete(channel)

    async def delete_channels_of(self, project_id: UUID) -> None:
        await self._session.execute(delete(ChannelRow).where(ChannelRow.project_id == project_id))

    async def page_channels(
        self, after: UUID | None, within: Sequence[UUID] | None, limit: int
    ) -> Sequence[ChannelRow]:
        statement = select(ChannelRow).order_by(ChannelRow.id).limit(limit)
        if after is not None:
            statement = statement.where(ChannelRow.id > after)
        if within is not None:
            statement = statement.where(ChannelRow.project_id.in_(within))
        return (await self._session.scalars(statement)).all()

    async def page_deliveries(
        self, wanted: ListDeliveries, before: UUID | None, limit: int
    ) -> Sequence[DeliveryRow]:
        """Newest first: ids grow with time."""
        statement = _wanted(wanted)
        if before is not None:
            statement = statement.where(DeliveryRow.id < before)
        page = first_rows(
            statement, [DeliveryRow.id], limit, wanted.within, DeliveryRow.project_id, is_falling=True
        )
        return (await self._session.scalars(page)).all()

    async def give_up_waiting(self, channel_id: UUID, reason: str) -> None:
        statement = update(DeliveryRow).where(DeliveryRow.channel_id == channel_id, PENDING)
        await self._session.execute(
            statement.values(state=DeliveryState.FAILED.value, error=reason, next_attempt_at=None)
        )

    async def claim(self, now: datetime, lease_ends_at: datetime) -> tuple[DeliveryRow, ChannelRow] | None:
        """The one that waits longest. Its channel is held for who claims: of each one message is on its way
        at a time, so that a receiver who is slow keeps only his own waiting."""
        found = (await self._session.execute(_due(now))).first()
        if found is None:
            return None
        delivery, channel = found
        delivery.attempts += 1
        channel.held_until = lease_ends_at
        return delivery, channel

    async def claimed(self, delivery_id: UUID, attempt: int) -> DeliveryRow | None:
        """Locked; None when another process has taken it since, or it was given up."""
        statement = select(DeliveryRow).where(
            DeliveryRow.id == delivery_id, DeliveryRow.attempts == attempt, PENDING
        )
        return await self._session.scalar(statement.with_for_update())

    async def release(self, channel_id: UUID, lease_ends_at: datetime, pause_until: datetime | None) -> None:
        """Nothing, if the lease has ended and another process holds the channel."""
        held = update(ChannelRow).where(ChannelRow.id == channel_id, ChannelRow.held_until == lease_ends_at)
        await self._session.execute(held.values(held_until=pause_until))

    async def forget_before(self, time: datetime) -> int:
        """Settled ones only; how many."""
        settled = select(DeliveryRow.id).where(DeliveryRow.created_at < time, ~PENDING).limit(CLEARED_AT_ONCE)
        statement = delete(DeliveryRow).where(DeliveryRow.id.in_(settled)).returning(DeliveryRow.id)
        return len((await self._session.scalars(statement)).all())


def _due(now: datetime) -> Select[DeliveryRow, ChannelRow]:
    """The channel is locked with the delivery: who comes a moment later looks again whether it is held."""
    is_free = or_(ChannelRow.held_until.is_(None), ChannelRow.held_until <= now)
    return (
        select(DeliveryRow, ChannelRow)
        .join(ChannelRow, ChannelRow.id == DeliveryRow.channel_id)
        .where(PENDING, DeliveryRow.next_attempt_at <= now, is_free)
        .order_by(DeliveryRow.next_attempt_at, DeliveryRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _wanted(wanted: ListDeliveries) -> Select[DeliveryRow]:
    statement = select(DeliveryRow)
    if wanted.channel_id is not None:
        statement = statement.where(DeliveryRow.channel_id == wanted.channel_id)
    if wanted.state is not None:
        statement = statement.where(DeliveryRow.state == wanted.state.value)
    if wanted.project_id is not None:
        statement = statement.where(DeliveryRow.project_id == wanted.project_id)
    return statement
