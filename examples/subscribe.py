"""Hears of runs: `NATS_URL=nats://integration:<password>@127.0.0.1:4222 python examples/subscribe.py`."""

import asyncio
import json
import os

import nats


async def main() -> None:
    connection = await nats.connect(os.environ["NATS_URL"])
    facts = await connection.subscribe("facts.run.*.*")
    async for message in facts.messages:
        fact = json.loads(message.data)
        print(fact["occurred_at"], fact["type"], fact["data"]["name"], flush=True)


asyncio.run(main())
