"""A NATS that answers pings and nothing about its streams is noticed; one that is away is left alone."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from infra.local.hanging import is_hung
from infra.local.home import Stack, open_stack, with_free_ports

# What a client needs before it asks, and the answer to its pings.
GREETING = b'INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"jetstream":true}\r\n'


@contextmanager
def _home(tmp_path: Path) -> Iterator[Stack]:
    yield with_free_ports(open_stack(tmp_path / "home"))
    shutil.rmtree(tmp_path / "home")


@asynccontextmanager
async def _server_that_answers_pings_only(port: int) -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        yield
        server.close()


async def test_streams_that_hang_are_noticed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("infra.local.hanging.TIMEOUT_SECONDS", 0.5)
    with _home(tmp_path) as stack:
        async with _server_that_answers_pings_only(stack.ports["nats"]):
            assert await is_hung(stack)
        assert not await is_hung(stack)
