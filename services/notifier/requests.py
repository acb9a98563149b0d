"""The request door of the notifier."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Page
from libs.common.contracts.channels import Channel, Delivery, ListChannels, ListDeliveries
from services.notifier.service import Service

requests = RequestDoor()


@requests.answers
async def list_channels(request: ListChannels, service: Service) -> Page[Channel]:
    return await service.list_channels(request.query)


@requests.answers
async def list_deliveries(request: ListDeliveries, service: Service) -> Page[Delivery]:
    return await service.list_deliveries(request.query)
