"""Channels and deliveries over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.common.contracts.base import Name, Page, View
from libs.common.contracts.channels import (
    Channel,
    CreateChannel,
    CreatedChannel,
    DeleteChannel,
    Delivery,
    DeliveryState,
    FactKind,
    GetChannel,
    ListChannels,
    ListDeliveries,
    ListFactKinds,
    Rules,
    Target,
    TryChannel,
    UpdateChannel,
)
from services.gateway.access import EDIT, EDIT_THERE, READ
from services.gateway.doors import House
from services.gateway.paging import Paging

# No Idempotency-Key here: a kept answer would keep the secret of a new webhook. Names are taken once.
router = APIRouter(prefix="/v1", tags=["notifications"])


class ChannelChanges(View):
    name: Name | None = None
    target: Target | None = None
    rules: Rules | None = None
    is_active: bool | None = None


@router.get("/channels", dependencies=[READ])
async def list_channels(house: House, paging: Paging) -> Page[Channel]:
    return await house.ask(ListChannels(query=paging))


@router.post("/channels", status_code=201, dependencies=[EDIT_THERE])
async def create_channel(channel: CreateChannel, house: House) -> CreatedChannel:
    """`secret` is what the receiver of a webhook checks signatures with; it is shown only here."""
    return await house.ask(channel)


@router.get("/channels/facts", dependencies=[READ])
async def list_fact_kinds(house: House) -> tuple[FactKind, ...]:
    """The types that a rule may name."""
    return await house.ask(ListFactKinds())


@router.get("/channels/{channel_id}", dependencies=[READ])
async def get_channel(channel_id: UUID, house: House) -> Channel:
    return await house.ask(GetChannel(channel_id=channel_id))


@router.patch("/channels/{channel_id}", dependencies=[EDIT])
async def update_channel(channel_id: UUID, changes: ChannelChanges, house: House) -> Channel:
    return await house.ask(
        UpdateChannel(
            channel_id=channel_id,
            name=changes.name,
            target=changes.target,
            rules=changes.rules,
            is_active=changes.is_active,
        )
    )


@router.delete("/channels/{channel_id}", status_code=204, dependencies=[EDIT])
async def delete_channel(channel_id: UUID, house: House) -> None:
    """With its deliveries."""
    await house.ask(DeleteChannel(channel_id=channel_id))


@router.post("/channels/{channel_id}/test", dependencies=[EDIT])
async def try_channel(channel_id: UUID, house: House) -> Delivery:
    """One message at once: `state` and `error` say what became of it."""
    return await house.ask(TryChannel(channel_id=channel_id))


@router.get("/deliveries", dependencies=[READ])
async def list_deliveries(
    house: House,
    paging: Paging,
    channel: Annotated[UUID | None, Query()] = None,
    state: Annotated[DeliveryState | None, Query()] = None,
    project: Annotated[UUID | None, Query()] = None,
) -> Page[Delivery]:
    """Newest first."""
    return await house.ask(ListDeliveries(channel_id=channel, state=state, project_id=project, query=paging))
