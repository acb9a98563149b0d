"""A Hugging Face hub of this machine: the few endpoints that downloading a dataset asks for."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PER_PAGE = 3
TREE = re.compile(rf"^/api/datasets/(?P<name>[^/]+/[^/]+)/tree/{COMMIT}$")
INFO = re.compile(r"^/api/datasets/(?P<name>[^/]+/[^/]+)/revision/(?P<revision>.+)$")
FILE = re.compile(rf"^/datasets/(?P<name>[^/]+/[^/]+)/resolve/{COMMIT}/(?P<path>.+)$")


@dataclass
class Hub:
    """`files` are those of `cats/pictures`, at its only commit; `token` is asked for where it is set."""

    files: dict[str, bytes]
    is_gated: bool = False
    token: str | None = None
    endpoint: str = ""
    downloaded: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    handler = type("HubHandler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.tokens.add(self.headers.get("authorization"))
        if found := INFO.match(path) or TREE.match(path) or FILE.match(path):
            self._known(path) if found["name"] == "cats/pictures" else self._refuse(404, "RepoNotFound")
        else:
            self._refuse(404, "EntryNotFound")

    def _known(self, path: str) -> None:
        if found := INFO.match(path):
            if found["revision"] in ("main", COMMIT):
                self._json({"id": "cats/pictures", "sha": COMMIT})
            else:
                self._refuse(404, "RevisionNotFound")
        elif TREE.match(path):
            self._tree()
        elif self.hub.is_gated and self.headers.get("authorization") != f"Bearer {self.hub.token}":
            self._refuse(401, "GatedRepo")
        elif found := FILE.match(path):
            self._file(found["path"])

    def _tree(self) -> None:
        """In pages, as the hub lists."""
        begin = int(urlsplit(self.path).query.partition("cursor=")[2] or 0)
        every = [self._entry(path, content) for path, content in self.hub.files.items()]
        link = f'<{self.hub.endpoint}{urlsplit(self.path).path}?cursor={begin + PER_PAGE}>; rel="next"'
        is_last = begin + PER_PAGE >= len(every)
        self._json(every[begin : begin + PER_PAGE], **({} if is_last else {"Link": link}))

    def _entry(self, path: str, content: bytes) -> dict[str, object]:
        return {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}

    def _file(self, path: str) -> None:
        content = self.hub.files[path]
        if self.command == "GET":
            self.hub.downloaded.append(path)
        etag = f'"{hashlib.sha1(content).hexdigest()}"'
        self._send(200, content, {"ETag": etag, "X-Repo-Commit": COMMIT})

    def _json(self, content: object, **headers: str) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": code})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""
