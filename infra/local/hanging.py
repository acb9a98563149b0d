"""Whether NATS answers nothing about its streams any more, while it goes on answering pings.

A nats-server that met a full disk does so, also when there is room again (seen with 2.9.10, whose `/healthz`
says ok). What it had acknowledged is there after a new start.
"""

import asyncio

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from infra.local.home import Stack
from infra.local.ports import LOOPBACK
from infra.nats.users import FACTS, OWNER

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
        await client.jetstream(timeout=TIMEOUT_SECONDS).stream_info(FACTS)
    except (TimeoutError, nats.errors.TimeoutError, nats.js.errors.ServiceUnavailableError):
        return client.is_connected
    except nats.errors.Error:
        return False  # an answer, though another
    finally:
        await client.close()
    return False


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
