"""Channels and deliveries over HTTP."""

from fastapi import APIRouter

from libs.common.contracts.base import Page
from libs.common.contracts.channels import Channel, Delivery, ListChannels, ListDeliveries
from services.gateway.access import READ
from services.gateway.doors import House
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["notifications"])


@router.get("/channels", dependencies=[READ])
async def list_channels(house: House, paging: Paging) -> Page[Channel]:
    return await house.ask(ListChannels(query=paging))


@router.get("/deliveries", dependencies=[READ])
async def list_deliveries(house: House, paging: Paging) -> Page[Delivery]:
    return await house.ask(ListDeliveries(query=paging))
