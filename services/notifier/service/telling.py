"""A fact becomes a delivery of every channel whose rules it fits."""

from dataclasses import asdict
from uuid import UUID

from libs.common.contracts.base import Fact, now
from libs.common.contracts.projects import ProjectDeleted
from services.notifier.models import ChannelRow, DeliveryRow
from services.notifier.notice import Notice
from services.notifier.repository import Repository
from services.notifier.rules import tells


class Telling:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def notify(self, fact_id: UUID, fact: Fact) -> None:
        """Only stored: what is to be sent is sent after the commit, and as often as it takes."""
        if isinstance(fact, ProjectDeleted) and fact.project_id is not None:
            await self._repository.delete_channels_of(fact.project_id)
        notice = Notice.of(fact_id, fact)
        channels = await self._repository.active_channels()
        await self._repository.add(
            [
                waiting(channel, notice)
                for channel in channels
                if tells(channel.project_id, channel.ruled, notice)
            ]
        )


def waiting(channel: ChannelRow, notice: Notice) -> DeliveryRow:
    return DeliveryRow(channel_id=channel.id, next_attempt_at=now(), **asdict(notice))
