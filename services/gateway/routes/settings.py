"""Settings of the house that people change while it runs, by section; each section belongs to a room."""

from fastapi import APIRouter

from libs.common.contracts.base import View
from libs.common.contracts.queue import ChangeQueueSettings, GetQueueSettings, QueueSettings
from services.gateway.access import ADMINISTER, READ
from services.gateway.doors import House

router = APIRouter(prefix="/v1/settings", tags=["settings"])


class HouseSettings(View):
    queue: QueueSettings


class ChangedSettings(View):
    """What is left out stays as it is."""

    queue: QueueSettings | None = None


@router.get("", dependencies=[READ])
async def get_settings(house: House) -> HouseSettings:
    return HouseSettings(queue=await house.ask(GetQueueSettings()))


@router.put("", dependencies=[ADMINISTER])
async def change_settings(wanted: ChangedSettings, house: House) -> HouseSettings:
    if (queue := wanted.queue) is not None:
        changed = tuple(sorted(queue.model_fields_set))
        return HouseSettings(queue=await house.ask(ChangeQueueSettings(settings=queue, changed=changed)))
    return await get_settings(house)
