"""Traffic on its way from memory to PostgreSQL: what is not stored yet when a room is killed is lost."""

import asyncio
from itertools import count

from libs.common.errors import ModelyardError
from libs.common.log import get_logger
from services.inference.reconciler import OpenService
from services.inference.traffic import Traffic

STORE_SECONDS = 2.0
FORGET_EVERY = 300
log = get_logger(__name__)


async def record(traffic: Traffic, open_service: OpenService) -> None:
    """Until cancelled, and once more then."""
    try:
        for number in count():
            await asyncio.sleep(STORE_SECONDS)
            await _store(traffic, open_service, forgets=number % FORGET_EVERY == 0)
    finally:
        await _store(traffic, open_service, forgets=False)


async def _store(traffic: Traffic, open_service: OpenService, *, forgets: bool) -> None:
    changed = traffic.take_changed()
    try:
        async with open_service() as service:
            if changed:
                await service.traffic.store(traffic.instance, changed)
            if forgets:
                await service.traffic.forget_old()
    except ModelyardError as error:
        traffic.put_back(changed)
        log.warning("traffic_waits", code=error.code, detail=error.detail)
