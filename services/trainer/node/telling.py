"""Tells the trainer room how this machine is, beside whatever else the process does."""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from libs.common.bus import Bus
from libs.common.cancellation import end_if_cancelled
from libs.common.contracts.system import TellNode
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from libs.common.log import get_logger
from services.trainer.node.machine import Machine

RETRY_SECONDS = 2.0
UNREADABLE_SECONDS = 20.0
log = get_logger(__name__)


async def tell_of_node(bus: Bus, node: str, folders: Mapping[str, Path]) -> None:
    """Until cancelled; the room says how often, and whether another process on the node does it already.

    Readings have a thread of their own: a driver that hangs holds up neither the work nor its beats.
    """
    teller = f"{node}:{os.getpid()}:{new_id().hex[-12:]}"
    thread = ThreadPoolExecutor(1, "node")
    try:
        while True:
            try:
                await _tell(bus, node, teller, Machine(folders), thread)
            except Exception as error:  # noqa: BLE001 — a sensor that fails must not end the training beside it
                log.warning("node_unreadable", reason=repr(error))
            await asyncio.sleep(UNREADABLE_SECONDS)
    finally:
        thread.shutdown(wait=False)


async def _tell(bus: Bus, node: str, teller: str, machine: Machine, thread: ThreadPoolExecutor) -> None:
    """Until the machine cannot be read."""
    loop, pause = asyncio.get_running_loop(), RETRY_SECONDS
    await loop.run_in_executor(thread, machine.start)
    while True:
        await asyncio.sleep(pause)
        end_if_cancelled()
        reading = await loop.run_in_executor(thread, machine.read)
        try:
            pause = (await bus.ask(TellNode(node=node, teller=teller, reading=reading))).next_seconds
        except ModelyardError as error:
            log.info("node_not_told", code=error.code)
            pause = RETRY_SECONDS
