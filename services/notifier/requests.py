"""The request door of the notifier."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.channels import (
    Channel,
    CreateChannel,
    CreatedChannel,
    DeleteChannel,
    Delivery,
    FactKind,
    GetChannel,
    ListChannels,
    ListDeliveries,
    ListFactKinds,
    TryChannel,
    UpdateChannel,
)
from libs.common.contracts.owners import OwnersInNotifier, Projects
from services.notifier.kinds import KINDS
from services.notifier.service import Service

requests = RequestDoor()


@requests.answers
async def list_channels(request: ListChannels, service: Service) -> Page[Channel]:
    return await service.channels.list(request)


@requests.answers
async def get_channel(request: GetChannel, service: Service) -> Channel:
    return await service.channels.get(request.channel_id)


@requests.answers
async def list_owners(request: OwnersInNotifier, service: Service) -> Projects:
    return await service.channels.owners(request)


@requests.answers
async def create_channel(request: CreateChannel, service: Service) -> CreatedChannel:
    return await service.channels.create(request)


@requests.answers
async def update_channel(request: UpdateChannel, service: Service) -> Channel:
    return await service.channels.update(request)


@requests.answers
async def delete_channel(request: DeleteChannel, service: Service) -> Gone:
    return await service.channels.delete(request.channel_id)


@requests.answers
async def try_channel(request: TryChannel, service: Service) -> Delivery:
    return await service.trying.send(request.channel_id)


@requests.answers
async def list_deliveries(request: ListDeliveries, service: Service) -> Page[Delivery]:
    return await service.deliveries.list(request)


@requests.answers
async def list_fact_kinds(_: ListFactKinds, __: Service) -> tuple[FactKind, ...]:
    return KINDS
