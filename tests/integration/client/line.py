"""A line between client and object store that counts what goes through it and breaks when it is told to."""

import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CHUNK = 2**16


class Fault(Enum):
    CUT = "in the middle of the part"
    ANSWER_LOST = "after the store took the part"
    BUSY = "the store says 503"


# A download counts as this part.
DOWNLOAD = 0


class Line:
    """`taken` are the parts that the store took, in order; `faults` of a part happen one after the other."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = "{}:{}".format(*address)
        self.store = ("", 0)
        self.is_down = False
        self.taken: list[int] = []
        self.refused: list[int] = []
        self.ranges: list[str | None] = []
        self.faults: dict[int, list[Fault]] = defaultdict(list)
        self.passing = threading.Event()
        self.restore()

    def restore(self) -> None:
        self.is_down = False
        self.taken.clear()
        self.refused.clear()
        self.ranges.clear()
        self.faults.clear()
        self.hold_after: int | None = None
        self.passing.set()

    def hold(self, num_parts: int) -> None:
        """Lets so many parts through and keeps the others waiting in their middle."""
        self.hold_after = num_parts
        self.passing.clear()

    def wait_if_held(self) -> None:
        if self.hold_after is not None and len(self.taken) >= self.hold_after:
            self.passing.wait(60)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    line: Line

    def do_PUT(self) -> None:
        number = int(parse_qs(urlsplit(self.path).query)["partNumber"][0])
        pending = self.line.faults[number]
        fault = pending.pop(0) if pending else None
        self.close_connection = True
        if self.line.is_down:
            return
        if fault is Fault.BUSY:
            self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
            return
        upstream = HTTPConnection(*self.line.store)
        try:
            if self._pass_on(upstream, fault):
                answer = upstream.getresponse()
                body = answer.read()
                (self.line.taken if answer.status == 200 else self.line.refused).append(number)
                if fault is not Fault.ANSWER_LOST:
                    self._answer(answer.status, body, answer.headers.get("ETag"))
        except OSError:
            pass  # The client is gone, which is what some tests want.
        finally:
            upstream.close()

    def do_GET(self) -> None:
        pending = self.line.faults[DOWNLOAD]
        fault = pending.pop(0) if pending else None
        self.close_connection = True
        self.line.ranges.append(self.headers["Range"])
        upstream = HTTPConnection(*self.line.store)
        upstream.request("GET", self.path, headers=dict(self.headers))
        answer = upstream.getresponse()
        body = answer.read()
        upstream.close()
        self.send_response_only(answer.status)
        if content_range := answer.headers["Content-Range"]:
            self.send_header("Content-Range", content_range)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault is Fault.CUT else body)

    def _pass_on(self, upstream: HTTPConnection, fault: Fault | None) -> bool:
        """Whether all of it went through."""
        upstream.putrequest("PUT", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders()
        length = left = int(self.headers["Content-Length"])
        while left:
            if left < length // 2:
                if fault is Fault.CUT:
                    return False
                self.line.wait_if_held()
            chunk = self.rfile.read(min(CHUNK, left))
            if not chunk:
                return False
            upstream.send(chunk)
            left -= len(chunk)
        return True

    def _answer(self, status: int, body: bytes, etag: str | None = None) -> None:
        self.send_response_only(status)
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        pass


@contextmanager
def open_line() -> Iterator[Line]:
    handler = type("Handler", (_Handler,), {})
    with _Server(("127.0.0.1", 0), handler) as server:
        handler.line = line = Line(("127.0.0.1", server.server_port))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield line
        line.passing.set()
        server.shutdown()
