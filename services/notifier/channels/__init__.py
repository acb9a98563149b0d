"""The kinds of channels: what each must do, and which there are."""

from typing import Protocol

from libs.common.contracts.channels import ChannelKind
from services.notifier.channels.discord import DiscordChannel
from services.notifier.channels.log import LogChannel
from services.notifier.channels.mail import EmailChannel
from services.notifier.channels.slack import SlackChannel
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.letters import Letter, Target
from services.notifier.settings import Settings


class Kind(Protocol):
    async def send(self, letter: Letter, target: Target) -> None:
        """Returns when the receiver has taken it. Raises Refused or PutOff with words for people, or
        TimeoutError."""
        ...


Kinds = dict[ChannelKind, Kind]


def kinds(settings: Settings) -> Kinds:
    return {
        ChannelKind.LOG: LogChannel(),
        ChannelKind.DISCORD: DiscordChannel(settings.channel_hosts),
        ChannelKind.SLACK: SlackChannel(settings.channel_hosts),
        ChannelKind.WEBHOOK: WebhookChannel(settings.channel_hosts),
        ChannelKind.EMAIL: EmailChannel(settings.smtp),
    }
