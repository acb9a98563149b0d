"""Channels: made, changed, shown without their secrets, deleted."""

import secrets
from uuid import UUID

from libs.common.contracts.base import Gone, Page
from libs.common.contracts.channels import (
    Channel,
    ChannelKind,
    CreateChannel,
    CreatedChannel,
    Hook,
    ListChannels,
    Mail,
    Target,
    UpdateChannel,
    Webhook,
)
from libs.common.contracts.owners import OwnersInNotifier, Projects
from libs.common.owners import ids_of, projects_of
from libs.common.paging import after, page_of
from services.notifier.channels.mail import NOT_SET_UP
from services.notifier.channels.posting import checked
from services.notifier.errors import (
    ChannelKeepsItsKind,
    ChannelNotFound,
    LogChannelStays,
    MailIsNotSetUp,
    SealIsForeign,
)
from services.notifier.models import ChannelRow
from services.notifier.repository import Repository
from services.notifier.rules import require_sense
from services.notifier.seal import Seal
from services.notifier.settings import Settings
from services.notifier.showing import shown

# Without these a secret is not seen for what it is where it lies about.
SECRET_PREFIX = "whsec_"  # noqa: S105


class Channels:
    def __init__(self, repository: Repository, seal: Seal, settings: Settings) -> None:
        self._repository = repository
        self._seal = seal
        self._settings = settings

    async def list(self, wanted: ListChannels) -> Page[Channel]:
        query = wanted.query
        rows = await self._repository.page_channels(after(query, UUID), wanted.within, query.limit + 1)
        return page_of(rows, query, self._shown, lambda row: row.id)

    async def get(self, channel_id: UUID) -> Channel:
        return self._shown(await self._found(channel_id))

    async def owners(self, asked: OwnersInNotifier) -> Projects:
        rows = await self._repository.channels(ids_of(asked.keys))
        found = {str(row.id): row.project_id for row in rows}
        return projects_of(asked, found, ChannelNotFound, lambda key: f"channel {key} does not exist")

    async def create(self, wanted: CreateChannel) -> CreatedChannel:
        require_sense(wanted.project_id, wanted.rules)
        secret = SECRET_PREFIX + secrets.token_hex(24) if isinstance(wanted.target, Webhook) else None
        row = ChannelRow(
            kind=wanted.target.kind.value,
            name=wanted.name,
            project_id=wanted.project_id,
            secret=secret and self._seal.close(secret),
            rules=[rule.model_dump(mode="json") for rule in wanted.rules],
        )
        self._aim(row, wanted.target)
        await self._repository.add_channel(row)
        return CreatedChannel(channel=self._shown(row), secret=secret)

    async def update(self, wanted: UpdateChannel) -> Channel:
        row = await self._found(wanted.channel_id, is_to_change=True)
        if wanted.name is not None:
            row.name = wanted.name
        if wanted.target is not None:
            self._aim(row, wanted.target)
        if wanted.rules is not None:
            require_sense(row.project_id, wanted.rules)
            row.rules = [rule.model_dump(mode="json") for rule in wanted.rules]
        if wanted.is_active is not None:
            await self._switch(row, wanted.is_active)
        await self._repository.flush(row)
        return self._shown(row)

    async def delete(self, channel_id: UUID) -> Gone:
        row = await self._found(channel_id, is_to_change=True)
        if row.kind == ChannelKind.LOG:
            raise LogChannelStays("switch it off instead: nothing makes it again")
        await self._repository.delete_channel(row)
        return Gone(id=str(channel_id))

    async def seal_all(self) -> int:
        """What a version before left open, or an older key has closed; how many this house cannot open."""
        num_foreign = 0
        for row in await self._repository.aimed_channels():
            try:
                row.url = row.url and self._seal.renewed(row.url)
                row.secret = row.secret and self._seal.renewed(row.secret)
            except SealIsForeign:
                num_foreign += 1
        return num_foreign

    def _shown(self, row: ChannelRow) -> Channel:
        return shown(row, self._seal)

    def _aim(self, row: ChannelRow, target: Target) -> None:
        """What may not be reached is refused here; a name that leads inside, when it is sent to."""
        if target.kind != row.kind:
            raise ChannelKeepsItsKind(f"this is a channel of the kind {row.kind}: make another one")
        match target:
            case Hook() | Webhook():
                url = checked(target.url.get_secret_value(), self._settings.channel_hosts)
                row.url = self._seal.close(str(url))
            case Mail():
                if not self._settings.smtp.host:
                    raise MailIsNotSetUp(NOT_SET_UP)
                row.recipients = list(target.recipients)
        row.held_until = None

    async def _switch(self, row: ChannelRow, is_active: bool) -> None:
        """What waits is not told later, when nobody expects it any more."""
        if row.is_active and not is_active:
            await self._repository.give_up_waiting(row.id, "the channel was switched off")
        row.is_active = is_active

    async def _found(self, channel_id: UUID, *, is_to_change: bool = False) -> ChannelRow:
        row = await self._repository.channel(channel_id, is_to_change=is_to_change)
        if row is None:
            raise ChannelNotFound(f"channel {channel_id} does not exist")
        return row
