"""The machines, their alerts, and for how long their history is kept."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Page, now
from libs.common.contracts.retention import (
    AlertLimits,
    ChangeAlertLimits,
    ChangeHistorySettings,
    GetAlertLimits,
    GetHistorySettings,
    HistorySettings,
)
from libs.common.contracts.system import (
    Alert,
    GetNode,
    ListAlerts,
    ListNodes,
    Node,
    NodeHistory,
    ReadNodeHistory,
    TellNode,
    Told,
)
from services.trainer.service import Service

door = RequestDoor()


@door.answers
async def list_nodes(request: ListNodes, service: Service) -> tuple[Node, ...]:
    return await service.nodes.list_nodes(now(), request.within)


@door.answers
async def get_node(request: GetNode, service: Service) -> Node:
    return await service.nodes.get(request, now())


@door.answers
async def read_node_history(request: ReadNodeHistory, service: Service) -> NodeHistory:
    return await service.nodes.history(request, now())


@door.answers
async def tell_node(request: TellNode, service: Service) -> Told:
    return await service.nodes.tell(request, now())


@door.answers
async def list_alerts(request: ListAlerts, service: Service) -> Page[Alert]:
    return await service.alerts.list_alerts(request)


@door.answers
async def get_alert_limits(request: GetAlertLimits, service: Service) -> AlertLimits:
    return await service.alerts.limits()


@door.answers
async def change_alert_limits(request: ChangeAlertLimits, service: Service) -> AlertLimits:
    return await service.alerts.change_limits(request)


@door.answers
async def get_history_settings(request: GetHistorySettings, service: Service) -> HistorySettings:
    return await service.archive.settings()


@door.answers
async def change_history_settings(request: ChangeHistorySettings, service: Service) -> HistorySettings:
    return await service.archive.change(request)
