"""Channels and deliveries: who is told of which facts."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from libs.common.contracts.base import Page, PageQuery, Request, View


class DeliveryState(StrEnum):
    SENT = "sent"
    FAILED = "failed"


class Channel(View):
    id: UUID
    kind: Literal["log"]
    name: str
    facts: tuple[str, ...]
    created_at: AwareDatetime


class Delivery(View):
    id: UUID
    channel_id: UUID
    fact_id: UUID
    fact_type: str
    title: str
    text: str
    state: DeliveryState
    error: str | None = None
    created_at: AwareDatetime


class ListChannels(Request[Page[Channel]], subject="svc.notifier.channel.list"):
    query: PageQuery = PageQuery()


class ListDeliveries(Request[Page[Delivery]], subject="svc.notifier.delivery.list"):
    query: PageQuery = PageQuery()
