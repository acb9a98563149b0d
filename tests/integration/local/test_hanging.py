"""A NATS that answers pings and nothing about its streams is noticed; one that is away is left alone."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from infra.local.hanging import is_hung
from infra.local.home import Stack, open_stack, with_free_ports
from infra.nats.users import STREAMS

# What a client needs before it asks, and the answer to its pings.
GREETING = b'INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"jetstream":true}\r\n'
ANSWER = b'{"error":{"code":404,"err_code":10059,"description":"stream not found"}}'


@contextmanager
def _home(tmp_path: Path) -> Iterator[Stack]:
    yield with_free_ports(open_stack(tmp_path / "home"))
    shutil.rmtree(tmp_path / "home")


@asynccontextmanager
async def _server(port: int, hanging: Collection[str]) -> AsyncIterator[None]:
    """Answers pings, and questions about every stream but these."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        number = b""
        while line := await reader.readline():
            match line.split():
                case [b"PING"]:
                    writer.write(b"PONG\r\n")
                case [b"SUB", _, number]:
                    pass
                case [b"PUB", subject, inbox, _] if subject.decode().rpartition(".")[2] not in hanging:
                    writer.write(b"MSG %s %s %d\r\n%s\r\n" % (inbox, number, len(ANSWER), ANSWER))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        yield
        server.close()


@pytest.mark.parametrize("hanging", [STREAMS, ("TELEMETRY",)], ids=["all", "one"])
async def test_streams_that_hang_are_noticed(hanging: Collection[str], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("infra.local.hanging.TIMEOUT_SECONDS", 0.3)
    with _home(tmp_path) as stack:
        async with _server(stack.ports["nats"], hanging):
            assert await is_hung(stack)
        assert not await is_hung(stack)


async def test_streams_that_answer_whatever_it_is_do_not_hang(tmp_path: Path) -> None:
    with _home(tmp_path) as stack:
        async with _server(stack.ports["nats"], hanging=()):
            assert not await is_hung(stack)
