"""The test button: one message at once, kept among the deliveries."""

from dataclasses import asdict
from uuid import UUID

from libs.common.contracts.base import now
from libs.common.contracts.channels import Delivery, DeliveryState
from libs.common.ids import new_id
from services.notifier.channels import Kinds
from services.notifier.errors import ChannelNotFound
from services.notifier.letters import Letter, Target
from services.notifier.models import DeliveryRow
from services.notifier.notice import Notice
from services.notifier.repository import Repository
from services.notifier.seal import Seal
from services.notifier.sending import sent
from services.notifier.settings import Settings

# Somebody looks at the button meanwhile, and the gateway waits for ten.
PATIENCE_SECONDS = 7.0


class Trying:
    def __init__(self, repository: Repository, kinds: Kinds, seal: Seal, settings: Settings) -> None:
        self._repository = repository
        self._kinds = kinds
        self._seal = seal
        self._settings = settings

    async def send(self, channel_id: UUID) -> Delivery:
        """Never tried again: who asks is there to read what happened."""
        channel = await self._repository.channel(channel_id)
        if channel is None:
            raise ChannelNotFound(f"channel {channel_id} does not exist")
        notice = Notice.to_try(channel.name, channel.project_id)
        row = DeliveryRow(id=new_id(), channel_id=channel.id, attempts=1, created_at=now(), **asdict(notice))
        letter = Letter.of(row, self._settings.console_origin)
        outcome = await sent(self._kinds, letter, Target.of(channel, self._seal), PATIENCE_SECONDS)
        row.error = outcome.error
        row.state = DeliveryState.SENT if outcome.error is None else DeliveryState.FAILED
        row.sent_at = now() if outcome.error is None else None
        await self._repository.add([row])
        return row.view()
