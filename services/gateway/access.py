"""The one place that decides who may do what: every route names its rule, a test refuses one without."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPBearer

from libs.common.bus.context import RequestContext, bind_context, current_context
from libs.common.contracts.access import Caller, Role
from services.gateway.doors import Doors, House, doors_of
from services.gateway.errors import OriginIsForeign, RoleIsTooLow, TokenIsMissing
from services.gateway.people.sessions import Visitor
from services.gateway.seeing import bind_caller
from services.gateway.things import MADE, Mention, plan_of

COOKIE = "modelyard_session"
MAX_AGENT_LENGTH = 200
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
    bind_caller(caller)
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


def visitor_of(request: Request) -> Visitor:
    """Whatever the header says it is shown as text, and not all of it."""
    said = request.headers.get("user-agent", "")[:MAX_AGENT_LENGTH]
    agent = "".join(letter for letter in said if letter.isprintable())
    return Visitor(address_of(request), agent or None)


def require_own_origin(request: Request, doors: Doors, *, is_needed: bool = False) -> None:
    """Browsers say which page sends a request; other callers need not."""
    origin = request.headers.get("origin")
    if origin is None and not is_needed:
        return
    own = set(doors.settings.console_origins)
    # The page about the API. By another name than the console's the gateway knows nobody: to such a name,
    # which anyone may point at this machine, the header `Host` alone would make every page ours.
    if request.base_url.hostname in {urlsplit(each).hostname for each in own}:
        own.add(str(request.base_url).rstrip("/"))
    if origin is None or origin.rstrip("/") not in own:
        raise OriginIsForeign("a browser session may change things only from the console")


@dataclass(frozen=True)
class Rule:
    """At least this `role` at all, and in each project that the route names something of.

    Whose things they are is found by their ids and names in the path, the query and the body (`things.py`).
    For who may not see one it does not exist; where a role is too low the answer is 403. What belongs to no
    project is the house's: only its administrators change it.
    """

    role: Role
    role_in_project: Role
    # What is made without a `project_id` is made for the house.
    is_of_house: bool = False

    async def __call__(self, request: Request, caller: Signed, doors: House) -> Caller:
        return await self.admit(request, caller, doors)

    async def admit(self, request: Request, caller: Caller, doors: Doors) -> Caller:
        plan = plan_of(request.scope["route"])
        owners = await doors.owners.of(doors, caller, await plan.mentions(request))
        projects = {mention: project for mention, project in owners.items() if mention.thing not in MADE}
        # For the audit log, also of what is refused now.
        request.state.project_id = next(filter(None, projects.values()), None)
        for mention, project in projects.items():
            self._require_in(caller, project, mention)
        if self.is_of_house and all(mention.field != "project_id" for mention in owners):
            _require_administrator(caller)
        if caller.role.rank < self.role.rank:
            raise RoleIsTooLow(f"this needs the role {self.role}, yours is {caller.role}")
        return caller

    def _require_in(self, caller: Caller, project_id: UUID | None, mention: Mention) -> None:
        needed = Role.VIEWER if mention.is_looked_at else self.role_in_project
        if project_id is None:
            if needed is not Role.VIEWER:
                _require_administrator(caller)
            return
        own = caller.role_in(project_id)
        # The room has said that the caller may see it.
        assert own is not None
        if own.rank < needed.rank:
            raise RoleIsTooLow(f"this needs the role {needed} in the project, yours is {own}")


def _require_administrator(caller: Caller) -> None:
    if not caller.is_administrator:
        raise RoleIsTooLow("this is for administrators of the house")


class OpenToAll:
    """The rule of what is open to everyone: health, login, the API's own description."""

    async def __call__(self) -> None:
        pass


@dataclass(frozen=True)
class OfAdministrators(Rule):
    """What concerns the whole house."""

    async def admit(self, request: Request, caller: Caller, doors: Doors) -> Caller:
        await super().admit(request, caller, doors)
        _require_administrator(caller)
        return caller


# Reading, of what one may see. Changing, with the role for it wherever the thing is.
READ = Depends(Rule(Role.VIEWER, Role.VIEWER))
EDIT = Depends(Rule(Role.EDITOR, Role.EDITOR))
# Of a project and who is its member.
MANAGE = Depends(Rule(Role.EDITOR, Role.ADMIN))
# In the project that the body names; without one, for the house.
EDIT_THERE = Depends(Rule(Role.EDITOR, Role.EDITOR, is_of_house=True))
ADMINISTER = Depends(OfAdministrators(Role.ADMIN, Role.VIEWER))
OPEN = Depends(OpenToAll())


async def admitted(request: Request) -> Caller:
    """By the rule of the route, for who gives an answer without calling it."""
    doors = doors_of(request)
    caller = await caller_of(request, doors)
    route: APIRoute = request.scope["route"]
    for each in route.dependencies:
        if isinstance(each.dependency, Rule):
            await each.dependency.admit(request, caller, doors)
    return caller
