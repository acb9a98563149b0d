"""Those who are told, for tests: small servers on loopback that speak HTTP and SMTP."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are given one after the other, then 204; nobody gets one while `is_open` is not set."""

    port: int = 0
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook") -> str:
        return f"http://{LOOPBACK}:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        return [each for each in self.received if each.path == path]

    def answer(self, *statuses: int, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.extend((status, named) for status in statuses)


@contextmanager
def receiving_http() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.is_open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            named = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, named, body))
            receiver.is_open.wait(30)
            status, headers = receiver.answers.popleft() if receiver.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Who is killed while it waits for an answer hangs up."""

    with _running(Server((LOOPBACK, 0), Handler)) as port:
        receiver.port = port
        yield receiver


@dataclass
class Mailbox:
    """`refusals` are said instead of taking the next recipients; `logins` is what was said after AUTH."""

    port: int = 0
    refusals: deque[str] = field(default_factory=deque)
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


@contextmanager
def receiving_mail() -> Iterator[Mailbox]:
    """RFC 5321 as far as a client of our kind speaks it."""
    mailbox = Mailbox()

    class Session(StreamRequestHandler):
        def handle(self) -> None:
            self._recipients: list[str] = []
            self._say("220 mail.example ready")
            while line := self.rfile.readline():
                word, _, rest = line.decode().strip().partition(" ")
                if word.upper() == "QUIT":
                    self._say("221 bye")
                    return
                self._answer(word.upper(), rest)

        def _answer(self, word: str, rest: str) -> None:
            match word:
                case "EHLO":
                    self._say("250-mail.example", "250-8BITMIME", "250 AUTH PLAIN")
                case "AUTH":
                    mailbox.logins.append(rest)
                    self._say("235 welcome")
                case "RCPT" if mailbox.refusals:
                    self._say(mailbox.refusals.popleft())
                case "RCPT":
                    self._recipients.append(rest.partition("<")[2].partition(">")[0])
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go on")
                    self._take()
                    self._say("250 taken")
                case "MAIL" | "RSET":
                    self._recipients = []
                    self._say("250 ok")
                case _:
                    self._say("502 unknown")

        def _take(self) -> None:
            lines: list[bytes] = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line[1:] if line.startswith(b"..") else line)
            message = message_from_bytes(b"".join(lines), policy=modern)
            assert isinstance(message, EmailMessage)
            mailbox.mails.append((self._recipients, message))

        def _say(self, *lines: str) -> None:
            self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    with _running(ThreadingTCPServer((LOOPBACK, 0), Session)) as port:
        mailbox.port = port
        yield mailbox


@contextmanager
def _running(server: ThreadingTCPServer | ThreadingHTTPServer) -> Iterator[int]:
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
