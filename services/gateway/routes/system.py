"""How the house is: rooms, nodes and their devices, what they were like, alerts."""

import shutil
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query

from libs.common.contracts.base import Page, now
from libs.common.contracts.jobs import Label
from libs.common.contracts.system import (
    HOUSE,
    Alert,
    GetNode,
    ListAlerts,
    ListNodes,
    Moment,
    Node,
    NodeHistory,
    ReadNodeHistory,
    ServiceState,
    SystemView,
)
from libs.common.errors import TimedOut, Unavailable
from services.gateway.access import READ
from services.gateway.doors import Doors, House
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1/system", tags=["system"])
ROOMS = ("datasets", "trainer", "evaluator", "exporter", "inference", "notifier")
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # of what a moment may be
SHOWN_BY_DEFAULT = timedelta(hours=1)


@router.get("", dependencies=[READ])
async def get_system(house: House) -> SystemView:
    found, (nodes, alerts) = await house.bus.discover(), await _nodes(house)
    return SystemView(
        version=version("modelyard"),
        nodes=nodes,
        services=tuple(
            ServiceState(name=room, ready=room in found, instances=found.get(room, 0)) for room in ROOMS
        ),
        alerts=(*alerts, *(alert for node in nodes for alert in node.alerts)),
        disk_free_bytes=shutil.disk_usage(".").free,
        console_url=house.settings.console_origin,
    )


@router.get("/history", dependencies=[READ])
async def get_history(
    house: House,
    node: Label,
    since: Moment | None = None,
    until: Moment | None = None,
    max_points: Annotated[int, Query(ge=10, le=2000)] = 500,
) -> NodeHistory:
    """The last hour unless told otherwise; two days are kept by ten seconds, ninety by five minutes."""
    until = until or now()
    since = since or max(until - SHOWN_BY_DEFAULT, BEGINNING)
    return await house.ask(ReadNodeHistory(node=node, since=since, until=until, max_points=max_points))


@router.get("/alerts", dependencies=[READ])
async def list_alerts(
    house: House,
    paging: Paging,
    node: Label | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
) -> Page[Alert]:
    """Newest first; `open=true` for those that are not over."""
    return await house.ask(ListAlerts(node=node, is_open=is_open, query=paging))


@router.get("/nodes/{name}", dependencies=[READ])
async def get_node(name: Label, house: House) -> Node:
    return await house.ask(GetNode(name=name))


async def _nodes(house: Doors) -> tuple[tuple[Node, ...], tuple[Alert, ...]]:
    """With alerts about none of them; nothing while the room that knows them is away: this page is opened to
    see just that."""
    try:
        of_house = await house.ask(ListAlerts(node=HOUSE, is_open=True))
        return await house.ask(ListNodes()), of_house.items
    except (Unavailable, TimedOut):
        return (), ()
