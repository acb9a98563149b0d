"""Settings of the house that people change while it runs, by section; each section belongs to a room."""

from fastapi import APIRouter

from libs.common.contracts.base import View
from libs.common.contracts.queue import ChangeQueueSettings, GetQueueSettings, QueueSettings
from libs.common.contracts.retention import (
    AlertLimits,
    ChangeAlertLimits,
    ChangeHistorySettings,
    GetAlertLimits,
    GetHistorySettings,
    HistorySettings,
)
from services.gateway.access import ADMINISTER, READ
from services.gateway.doors import House

router = APIRouter(prefix="/v1/settings", tags=["settings"])


class HouseSettings(View):
    queue: QueueSettings
    history: HistorySettings
    alerts: AlertLimits


class ChangedSettings(View):
    """What is left out stays as it is."""

    queue: QueueSettings | None = None
    history: HistorySettings | None = None
    alerts: AlertLimits | None = None


@router.get("", dependencies=[READ])
async def get_settings(house: House) -> HouseSettings:
    return HouseSettings(
        queue=await house.ask(GetQueueSettings()),
        history=await house.ask(GetHistorySettings()),
        alerts=await house.ask(GetAlertLimits()),
    )


@router.put("", dependencies=[ADMINISTER])
async def change_settings(wanted: ChangedSettings, house: House) -> HouseSettings:
    # The only section that can be refused comes first: nothing is changed by half.
    if (alerts := wanted.alerts) is not None:
        await house.ask(ChangeAlertLimits(settings=alerts, changed=_fields(alerts)))
    if (history := wanted.history) is not None:
        await house.ask(ChangeHistorySettings(settings=history, changed=_fields(history)))
    if (queue := wanted.queue) is not None:
        await house.ask(ChangeQueueSettings(settings=queue, changed=_fields(queue)))
    return await get_settings(house)


def _fields(section: View) -> tuple[str, ...]:
    """Those that were sent."""
    return tuple(sorted(section.model_fields_set))
