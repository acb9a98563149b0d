"""`modelyard login` and `logout`: a gateway elsewhere, with an API token of one's own."""

import socket
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import say
from libs.client.connection import Connection, forget_login, keep_login, kept_login
from libs.client.transport import Transport
from libs.common.contracts.access import Caller, CreatedToken, Role, TokenRequest
from libs.common.errors import BadInput, NotFound, Unauthorized

DAYS = 90


def log_in(
    url: Annotated[str, typer.Argument(help="Of the gateway: https://modelyard.example")],
    name: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True)],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it lasts.")] = DAYS,
) -> None:
    """Keeps an API token made with your password; the password itself is not kept."""
    require_safe(url)
    connection = Connection(url.rstrip("/"), token_for(url.rstrip("/"), name, password, days))
    file = keep_login(connection)
    with Modelyard(connection) as yard:
        say(f"signed in as {yard.me().name}; kept in {file}")


def log_out() -> None:
    """Deletes the token that `login` made, and forgets it."""
    kept = kept_login()
    if kept is None:
        raise NotFound("nothing was kept by `modelyard login`")
    forget_login()
    try:
        with Modelyard(kept) as yard:
            if token_id := yard.me().token_id:
                yard.tokens.delete(token_id)
    except Unauthorized:
        pass  # it has ended already
    say("signed out")


def token_for(url: str, name: str, password: str, days: int) -> str:
    """By way of a session, which ends here."""
    transport = Transport(Connection(url, ""))
    with transport.http as http:
        del http.headers["Authorization"]
        transport.call(Caller, "POST", "/v1/auth/login", body={"name": name, "password": password})
        # What came as a cookie counts as a token, too, and needs no page to come from.
        http.headers["Authorization"] = f"Bearer {next(iter(http.cookies.jar)).value}"
        http.cookies.clear()
        title = f"modelyard login on {socket.gethostname()}"
        wanted = TokenRequest(name=title, role=Role.ADMIN, expires_in_days=days)
        made = transport.call(CreatedToken, "POST", "/v1/tokens", body=wanted)
        transport.call(None, "POST", "/v1/auth/logout")
        return made.secret


def require_safe(url: str) -> None:
    """A password is not sent where others on the way can read it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{url!r} is no address: https://…")
    try:
        is_here = ip_address(parts.hostname).is_loopback
    except ValueError:
        is_here = parts.hostname == "localhost"
    if parts.scheme == "http" and not is_here:
        raise BadInput(f"{url} is read by whoever is on the way: use https")
