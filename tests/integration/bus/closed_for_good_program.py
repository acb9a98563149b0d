"""Sends what nats-server answers by closing the connection for good, and then waits to be ended."""

import asyncio
import sys

from pydantic import SecretStr

from libs.common.bus import Bus
from libs.common.settings import BusSettings


async def main(url: str, password: str) -> None:
    bus = await Bus.connect(BusSettings(url=url, user="modelyard", password=SecretStr(password)), "doomed")
    await bus.client.publish("too.large", b"x" * (2**20 - 10), headers={"Big": "x" * 1000})
    await asyncio.sleep(20)


asyncio.run(main(*sys.argv[1:]))
