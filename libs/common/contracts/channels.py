"""Channels and deliveries: who is told of which facts."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from libs.common.contracts.base import Page, PageQuery, Request, View


class DeliveryState(StrEnum):
    SENT = "sent"
    FAILED = "failed"


class Severity(StrEnum):
    """How much a person should mind: good to know, worth a look, something ended badly."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Channel(View):
    """`facts` are the types it is told of; none named means every one that has a message."""

    id: UUID
    kind: Literal["log"]
    name: str
    facts: tuple[str, ...]
    created_at: AwareDatetime


class Delivery(View):
    """One fact as one channel told it; `occurred_at` is the fact's time, `created_at` the delivery's."""

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
    created_at: AwareDatetime


class ListChannels(Request[Page[Channel]], subject="svc.notifier.channel.list"):
    query: PageQuery = PageQuery()


class ListDeliveries(Request[Page[Delivery]], subject="svc.notifier.delivery.list"):
    """Newest first."""

    query: PageQuery = PageQuery()
