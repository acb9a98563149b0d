"""The one place that decides who may do what: every route names its rule, a test refuses one without."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from libs.common.bus.context import RequestContext, bind_context, current_context
from libs.common.contracts.access import Caller, Role
from services.gateway.doors import Doors, House
from services.gateway.errors import OriginIsForeign, RoleIsTooLow, TokenIsMissing

COOKIE = "modelyard_session"
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


# These two only describe, in the API's own description, what `caller_of` reads.
_TOKEN = HTTPBearer(auto_error=False, scheme_name="token", description="An API token")
_SESSION = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session", description="Set by a login")


async def caller_of(request: Request, doors: Doors) -> Caller:
    """By bearer token, or by the browser's session cookie (then changes only from the console's origin)."""
    if _bearer(request) is None and COOKIE in request.cookies and request.method in _CHANGING:
        require_own_origin(request, doors, is_needed=True)
    secret = sent_secret(request)
    if not secret:
        raise TokenIsMissing("send `Authorization: Bearer <token>`")
    caller = await doors.caller(secret)
    context = current_context()
    bind_context(RequestContext(request_id=context.request_id, actor=caller.name))
    request.state.caller = caller
    return caller


async def authenticate(
    request: Request,
    doors: House,
    _token: Annotated[object, Depends(_TOKEN)],
    _session: Annotated[object, Depends(_SESSION)],
) -> Caller:
    return await caller_of(request, doors)


Signed = Annotated[Caller, Depends(authenticate)]


def _bearer(request: Request) -> str | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def sent_secret(request: Request) -> str | None:
    """A token, or the secret of a session; the header goes before the cookie."""
    secret = _bearer(request)
    return request.cookies.get(COOKIE) if secret is None else secret


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def require_own_origin(request: Request, doors: Doors, *, is_needed: bool = False) -> None:
    """Browsers say which page sends a request; other callers need not."""
    origin = request.headers.get("origin")
    if origin is None and not is_needed:
        return
    own = doors.settings.console_origins | {str(request.base_url).rstrip("/")}
    if origin is None or origin.rstrip("/") not in own:
        raise OriginIsForeign("a browser session may change things only from the console")


def at_least(role: Role) -> Callable[[Caller], Awaitable[Caller]]:
    """A rule: callers below `role` get 403."""

    async def rule(caller: Signed) -> Caller:
        if caller.role.rank < role.rank:
            raise RoleIsTooLow(f"this needs the role {role}, yours is {caller.role}")
        return caller

    rule.is_access_rule = True  # type: ignore[attr-defined]
    return rule


async def nobody() -> None:
    """The rule of what is open to everyone: health, login, the API's own description."""


nobody.is_access_rule = True  # type: ignore[attr-defined]

READ = Depends(at_least(Role.VIEWER))
EDIT = Depends(at_least(Role.EDITOR))
ADMINISTER = Depends(at_least(Role.ADMIN))
OPEN = Depends(nobody)
