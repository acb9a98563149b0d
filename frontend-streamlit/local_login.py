"""Signs in whoever opens the console of a local stack; the cookie is HttpOnly, no script sees the token."""

from http.cookies import SimpleCookie

from session import COOKIE
from settings import Settings
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class LocalLogin:
    """Acts only on page loads over loopback, with a token file, while the browser has no session yet.

    The Host header must be a loopback name, so that a foreign page cannot rebind its own name to us.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._applies(scope):
            return await self._app(scope, receive, send)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", self._cookie())
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _applies(self, scope: Scope) -> bool:
        token_file = self._settings.token_file
        if (
            token_file is None
            or not token_file.is_file()
            or scope["path"].startswith(("/_stcore", "/static"))
        ):
            return False
        headers = Headers(scope=scope)
        client = scope.get("client")
        host = headers.get("host", "").rsplit(":", 1)[0].strip("[]")
        is_page = "text/html" in headers.get("accept", "")
        is_local = host in _LOOPBACK and client is not None and client[0] in _LOOPBACK
        return is_page and is_local and f"{COOKIE}=" not in headers.get("cookie", "")

    def _cookie(self) -> str:
        assert self._settings.token_file is not None
        cookie: SimpleCookie = SimpleCookie()
        cookie[COOKIE] = self._settings.token_file.read_text().strip()
        cookie[COOKIE].update({"httponly": True, "samesite": "Lax", "path": "/"})
        return cookie[COOKIE].OutputString()
