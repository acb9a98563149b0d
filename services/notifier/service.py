"""The rules of telling: which channels hear of a fact, and what is kept of it."""

from dataclasses import asdict
from uuid import UUID

from libs.common.contracts.base import Fact, Page, PageQuery
from libs.common.contracts.channels import Channel, Delivery
from libs.common.paging import after, page_of
from services.notifier.channels import KINDS
from services.notifier.models import ChannelRow, DeliveryRow
from services.notifier.notice import Notice
from services.notifier.repository import Repository


class Service:
    """One transaction's worth; nothing here commits."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def notify(self, fact_id: UUID, fact: Fact) -> None:
        """The row comes first: a delivery that cannot be stored is not told."""
        notice = Notice.of(fact_id, fact)
        for channel in await self._repository.channels_for(notice.fact_type):
            await self._repository.add(DeliveryRow(channel_id=channel.id, **asdict(notice)))
            await KINDS[channel.kind].send(notice)

    async def list_channels(self, query: PageQuery) -> Page[Channel]:
        rows = await self._repository.page_channels(after(query, UUID), query.limit + 1)
        return page_of(rows, query, ChannelRow.view, lambda row: row.id)

    async def list_deliveries(self, query: PageQuery) -> Page[Delivery]:
        rows = await self._repository.page_deliveries(after(query, UUID), query.limit + 1)
        return page_of(rows, query, DeliveryRow.view, lambda row: row.id)
