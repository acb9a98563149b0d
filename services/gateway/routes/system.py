"""How the house is: rooms, nodes, devices, disk."""

import shutil
from importlib.metadata import version

from fastapi import APIRouter

from libs.common.contracts.system import ListNodes, ServiceState, SystemView
from services.gateway.access import READ
from services.gateway.doors import House

router = APIRouter(prefix="/v1/system", tags=["system"])
ROOMS = ("datasets", "trainer", "evaluator", "exporter", "inference", "notifier")


@router.get("", dependencies=[READ])
async def get_system(house: House) -> SystemView:
    found = await house.bus.discover()
    return SystemView(
        version=version("modelyard"),
        nodes=await house.ask(ListNodes()),
        services=tuple(
            ServiceState(name=room, ready=room in found, instances=found.get(room, 0)) for room in ROOMS
        ),
        disk_free_bytes=shutil.disk_usage(".").free,
        console_url=house.settings.console_origin,
    )
