"""A small web server that answers as a test tells it, also as no honest server would."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Web:
    port: int
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str = "/data.zip", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


# Pieces of the answer as they go over the wire; when they are through, the connection is closed.
Answer = Callable[[Asked], AsyncIterator[bytes]]


@asynccontextmanager
async def web(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Web]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = _parsed(await reader.readuntil(b"\r\n\r\n"))
            running.asked.append(asked)
            async for piece in answer(asked):
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    running = Web(server.sockets[0].getsockname()[1])
    async with server:
        yield running


def head(status: str = "200 OK", **headers: object) -> bytes:
    """`content_length=3` becomes `content-length: 3`."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def whole(content: bytes, **headers: object) -> Answer:
    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield head(content_length=len(content), **headers) + content

    return answer


def redirect(location: str) -> bytes:
    return head("302 Found", location=location, content_length=0)


def _parsed(request: bytes) -> Asked:
    first, *lines = request.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    method, path, _ = first.split(" ")
    return Asked(method, path, {name.lower(): value for name, value in headers.items()})
