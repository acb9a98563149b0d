"""How the house is: rooms, nodes, devices, disk."""

import shutil
from importlib.metadata import version

from fastapi import APIRouter

from libs.common.contracts.system import ListNodes, Node, ServiceState, SystemView
from libs.common.errors import TimedOut, Unavailable
from services.gateway.access import READ
from services.gateway.doors import Doors, House

router = APIRouter(prefix="/v1/system", tags=["system"])
ROOMS = ("datasets", "trainer", "evaluator", "exporter", "inference", "notifier")


@router.get("", dependencies=[READ])
async def get_system(house: House) -> SystemView:
    found = await house.bus.discover()
    return SystemView(
        version=version("modelyard"),
        nodes=await _nodes(house),
        services=tuple(
            ServiceState(name=room, ready=room in found, instances=found.get(room, 0)) for room in ROOMS
        ),
        disk_free_bytes=shutil.disk_usage(".").free,
        console_url=house.settings.console_origin,
    )


async def _nodes(house: Doors) -> tuple[Node, ...]:
    """None while the room that knows them is away: this page is opened to see just that."""
    try:
        return await house.ask(ListNodes())
    except (Unavailable, TimedOut):
        return ()
