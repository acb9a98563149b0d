"""`python -m services.trainer.node`: for machines on which no worker of the trainer tells how they are."""

import asyncio
import signal

import uvloop

from libs.common.bus import Bus
from libs.common.log import configure_logging
from libs.common.room import patiently
from services.trainer.node.telling import tell_of_node
from services.trainer.worker.settings import Settings


async def main(settings: Settings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bus = await patiently(lambda: Bus.connect(settings.bus, name="node"))
    telling = asyncio.create_task(tell_of_node(bus, settings.node, settings.folders))
    try:
        await asyncio.wait({telling, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        telling.cancel()
        await bus.close()


if __name__ == "__main__":
    chosen = Settings()
    configure_logging("node", chosen.log)
    uvloop.run(main(chosen))
