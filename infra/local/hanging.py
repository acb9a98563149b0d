"""Whether NATS answers nothing about its streams any more, while it goes on answering pings.

A nats-server that met a full disk does so, of one stream or of all, also when there is room again (seen with
2.9.10, whose `/healthz` says ok). What it had acknowledged is there after a new start.
"""

import asyncio

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from infra.local.home import Stack
from infra.local.ports import LOOPBACK
from infra.nats.users import OWNER, STREAMS

TIMEOUT_SECONDS = 5
PATIENCE = 3


async def hangs(stack: Stack) -> bool:
    """Each of several times: a machine with much to do is slow to answer, too."""
    for _ in range(PATIENCE):
        if not await is_hung(stack):
            return False
        await asyncio.sleep(TIMEOUT_SECONDS)
    return True


async def is_hung(stack: Stack) -> bool:
    """Who does not even let us in is no affair of ours: it starts, was stopped, or stands still."""
    client = Client()
    try:
        # By itself it goes on trying for two minutes.
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await _connect(client, stack)
    except (OSError, TimeoutError, nats.errors.Error):
        await client.close()
        return False
    try:
        answers = await asyncio.gather(*(_answers(client, stream) for stream in STREAMS))
        return client.is_connected and not all(answers)
    finally:
        await client.close()


async def _answers(client: Client, stream: str) -> bool:
    try:
        await client.jetstream(timeout=TIMEOUT_SECONDS).stream_info(stream)
    except (TimeoutError, nats.errors.TimeoutError, nats.js.errors.ServiceUnavailableError):
        return False
    except nats.errors.Error:
        pass  # an answer, though another
    return True


async def _connect(client: Client, stack: Stack) -> None:
    await client.connect(
        f"nats://{LOOPBACK}:{stack.ports['nats']}",
        user=OWNER,
        password=stack.nats_password(OWNER),
        allow_reconnect=False,
        error_cb=_ignored,
    )


async def _ignored(_: Exception) -> None:
    pass
