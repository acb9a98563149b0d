"""Requests that take minutes: who waits is told as soon as the room that had them was started again."""

import asyncio
from typing import Never, TypeVar

from libs.common.bus.client import Bus, NobodyAnswers
from libs.common.contracts.base import Request

Answer = TypeVar("Answer")
LOOK_SECONDS = 2.0


async def ask_for_long(bus: Bus, request: Request[Answer], timeout_seconds: float) -> Answer:
    """As `ask`; NobodyAnswers, too, when none is left of the room's instances that were there at first."""
    room = request.subject.split(".")[1]
    asked = asyncio.create_task(bus.ask(request, timeout_seconds))
    watched = asyncio.create_task(_until_gone(bus, room))
    try:
        await asyncio.wait((asked, watched), return_when=asyncio.FIRST_COMPLETED)
        return await (asked if asked.done() else watched)
    finally:
        asked.cancel()
        watched.cancel()


async def _until_gone(bus: Bus, room: str) -> Never:
    """Silence says nothing: a room that stands still for a while goes on."""
    there: set[str] = set()
    while True:
        found = await bus.instances(room)
        there = there or found
        if found and found.isdisjoint(there):
            raise NobodyAnswers(f"{room} was started again meanwhile; what it had begun is lost")
        await asyncio.sleep(LOOK_SECONDS)
