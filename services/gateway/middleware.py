"""What happens to every HTTP request: an id, a size limit, safe headers, one log line, one measurement."""

import re
import time

from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.bus.context import RequestContext, bind_context, current_context
from libs.common.ids import new_id
from libs.common.log import get_logger
from libs.common.metrics import ANSWER_SECONDS
from services.gateway.errors import BodyTooLarge
from services.gateway.problems import bug_response, problem_response

REQUESTS = Counter("modelyard_http_requests_total", "HTTP requests", ["method", "route", "status"])
LATENCY = Histogram(
    "modelyard_http_request_seconds",
    "Time until the answer began: how long a stream or download lasts is the caller's affair",
    ["method", "route"],
    buckets=ANSWER_SECONDS,
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    # What is sent from here is shown by other pages and is never one itself, whatever somebody uploaded.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}
# The page about the API is one: its scripts come with the gateway, and one is in the page.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
ALWAYS_TLS = "max-age=31536000"
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
log = get_logger(__name__)


class Observe:
    """Outermost: binds the request id, sets headers, logs and measures; paths are told by route."""

    def __init__(self, app: ASGIApp, is_behind_tls: bool) -> None:
        self._app = app
        tls = {"Strict-Transport-Security": ALWAYS_TLS} if is_behind_tls else {}
        self._headers = SAFE_HEADERS | tls
        self._headers_of_docs = self._headers | {"Content-Security-Policy": DOCS_POLICY}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        offered = Headers(scope=scope).get("x-request-id", "")
        request_id = offered if _REQUEST_ID.match(offered) else str(new_id())
        bind_context(RequestContext(request_id=request_id, actor=None))
        started, status, began = time.perf_counter(), 500, None

        async def send_with_headers(message: Message) -> None:
            nonlocal status, began
            if message["type"] == "http.response.start":
                status, began = message["status"], time.perf_counter()
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                is_docs = scope["path"].startswith("/docs")
                for name, value in (self._headers_of_docs if is_docs else self._headers).items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            ended = time.perf_counter()
            _measure(scope, status, (began or ended) - started, ended - started)


def _measure(scope: Scope, status: int, seconds_to_answer: float, seconds: float) -> None:
    """A method may be any word that somebody sends; only those we know become a label."""
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    LATENCY.labels(method, route).observe(seconds_to_answer)
    log.info("http_request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


class AnswerBugs:
    """Innermost: Starlette itself answers a bug outside of all middleware, where no page may read it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def send_noted(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            if scope["type"] != "http" or has_started:
                raise
            await bug_response(error)(scope, receive, send)


class LimitBody:
    """Refuses a body that is announced or turns out too large; some paths have limits of their own."""

    def __init__(self, app: ASGIApp, default: int, by_suffix: dict[str, int]) -> None:
        self._app = app
        self._default = default
        self._by_suffix = by_suffix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        too_large = BodyTooLarge(f"the body may have {limit} bytes at most")
        if not announced.isdigit() or int(announced) > limit:
            problem = too_large.problem(current_context().request_id)
            return await problem_response(problem)(scope, receive, send)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise too_large
            return message

        await self._app(scope, receive_counted, send)

    def _limit(self, path: str) -> int:
        return next((size for end, size in self._by_suffix.items() if path.endswith(end)), self._default)
