"""What browsers are told to refuse on pages of the console, whatever somebody put into them."""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from settings import Settings
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class SafeHeaders:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy(settings.public_url),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
        }
        if settings.cookie_secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)


def policy(gateway: str) -> str:
    """Scripts are Streamlit's files and our components, which come as blobs; data is the gateway's."""
    reached = " ".join(_names_of(gateway))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: {' '.join(_scripts_in_the_page())}",
            # Streamlit writes every style while the page runs.
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self' data:",
            f"img-src 'self' data: blob: {reached}",
            f"connect-src 'self' {reached}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


def _names_of(url: str) -> list[str]:
    """A gateway of one's own machine is asked by the name that the page was opened with."""
    parts = urlsplit(url)
    loopback = ("127.0.0.1", "localhost")
    hosts = loopback if parts.hostname in loopback else (parts.hostname or "",)
    port = f":{parts.port}" if parts.port else ""
    return [f"{parts.scheme}://{host}{port}" for host in hosts]


def _scripts_in_the_page() -> list[str]:
    """Streamlit's own page has one of a line; no other runs."""
    digests = (
        hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(_PAGE.read_text())
    )
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
