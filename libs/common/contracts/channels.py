"""Channels, their rules and their deliveries: who is told of which facts, how, and what became of it."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Gone, Name, Page, PageQuery, Request, Secret, View

FactType = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z]+$", max_length=100)]
Address = Annotated[Secret, Field(min_length=1, max_length=2000)]


class ChannelKind(StrEnum):
    LOG = "log"
    DISCORD = "discord"
    SLACK = "slack"
    WEBHOOK = "webhook"
    EMAIL = "email"


class DeliveryState(StrEnum):
    """`failed` is final: tried as often as it is worth, or refused for good."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Severity(StrEnum):
    """How much a person should mind: good to know, worth a look, something ended badly."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Rule(View):
    """A fact is told if one rule of the channel fits: of this project (or any), of these types (or any that
    has a message), and at least this severe."""

    project_id: UUID | None = None
    facts: Annotated[tuple[FactType, ...], Field(max_length=100)] = ()
    at_least: Severity = Severity.INFO


Rules = Annotated[tuple[Rule, ...], Field(min_length=1, max_length=50)]


class Hook(View):
    """Discord and Slack: the address that they gave, which is the secret."""

    kind: Literal[ChannelKind.DISCORD, ChannelKind.SLACK]
    url: Address


class Webhook(View):
    """Signed with a secret that is made here and shown once."""

    kind: Literal[ChannelKind.WEBHOOK] = ChannelKind.WEBHOOK
    url: Address


class Mail(View):
    """Through the mail server of the house's settings."""

    kind: Literal[ChannelKind.EMAIL] = ChannelKind.EMAIL
    recipients: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)], ...],
        Field(min_length=1, max_length=50),
    ]


Target = Annotated[Hook | Webhook | Mail, Field(discriminator="kind")]


class Channel(View):
    """`target` says where to without the secret: a host, or addresses of people.

    A channel of a project tells only of that project; one of the house (`project_id` null) of all.
    """

    id: UUID
    kind: ChannelKind
    name: str
    project_id: UUID | None = None
    target: str = ""
    rules: tuple[Rule, ...] = (Rule(),)
    is_active: bool = True
    created_at: AwareDatetime


class CreatedChannel(View):
    """`secret` is what a webhook's receiver checks signatures with; shown once."""

    channel: Channel
    secret: str | None = None


class Delivery(View):
    """One fact for one channel; `occurred_at` is the fact's time, `created_at` the delivery's."""

    id: UUID
    channel_id: UUID
    fact_id: UUID
    fact_type: str
    project_id: UUID | None
    occurred_at: AwareDatetime
    severity: Severity
    title: str
    text: str
    state: DeliveryState
    error: str | None = None
    attempts: int = 0
    next_attempt_at: AwareDatetime | None = None
    sent_at: AwareDatetime | None = None
    created_at: AwareDatetime


class Notification(View):
    """What a webhook is sent: the delivery in words, and in `data` the fact itself.

    A repetition has the same `id`. `link` leads to the console.
    """

    id: UUID
    type: str
    severity: Severity
    title: str
    text: str
    link: str | None = None
    project_id: UUID | None = None
    occurred_at: AwareDatetime
    data: dict[str, Any] = {}


class FactKind(View):
    """A type of fact that has a message, for who writes a rule."""

    type: str
    severity: Severity
    description: str


class ListChannels(Request[Page[Channel]], subject="svc.notifier.channel.list"):
    """`within`: channels of these projects and none of the house; None: all."""

    within: tuple[UUID, ...] | None = None
    query: PageQuery = PageQuery()


class GetChannel(Request[Channel], subject="svc.notifier.channel.get"):
    channel_id: UUID


class CreateChannel(Request[CreatedChannel], subject="svc.notifier.channel.create"):
    name: Name
    target: Target
    project_id: UUID | None = None
    rules: Rules = (Rule(),)


class UpdateChannel(Request[Channel], subject="svc.notifier.channel.update"):
    """What is left out stays."""

    channel_id: UUID
    name: Name | None = None
    target: Target | None = None
    rules: Rules | None = None
    is_active: bool | None = None


class DeleteChannel(Request[Gone], subject="svc.notifier.channel.delete"):
    """With its deliveries."""

    channel_id: UUID


class TryChannel(Request[Delivery], subject="svc.notifier.channel.try"):
    """One message at once; the answer says whether it arrived."""

    channel_id: UUID


class ListDeliveries(Request[Page[Delivery]], subject="svc.notifier.delivery.list"):
    """Newest first. `within`: of these projects only; None: all."""

    channel_id: UUID | None = None
    state: DeliveryState | None = None
    project_id: UUID | None = None
    within: tuple[UUID, ...] | None = None
    query: PageQuery = PageQuery()


class ListFactKinds(Request[tuple[FactKind, ...]], subject="svc.notifier.fact.list"):
    pass
