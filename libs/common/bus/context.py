"""Who asked, and under which id: bound at the door, carried in headers, in every log line."""

from contextvars import ContextVar
from dataclasses import dataclass

import structlog

from libs.common.ids import new_id

REQUEST_ID_HEADER = "Modelyard-Request-Id"
ACTOR_HEADER = "Modelyard-Actor"


@dataclass(frozen=True)
class RequestContext:
    """`actor` is the account's name, None where the house itself acts."""

    request_id: str
    actor: str | None = None

    def headers(self) -> dict[str, str]:
        """As they go with every request and fact."""
        actor = {ACTOR_HEADER: self.actor} if self.actor else {}
        return {REQUEST_ID_HEADER: self.request_id, **actor}


_context: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current_context() -> RequestContext:
    """The one bound at the door; outside any door a fresh one."""
    return _context.get() or RequestContext(str(new_id()))


def bind_context(context: RequestContext) -> None:
    """For this task and those it starts: their requests, facts and log lines carry it."""
    _context.set(context)
    structlog.contextvars.bind_contextvars(request_id=context.request_id, actor=context.actor)


def context_of(headers: dict[str, str] | None) -> RequestContext:
    """Of a message that came in; one without an id gets a fresh one."""
    given = headers or {}
    return RequestContext(given.get(REQUEST_ID_HEADER) or str(new_id()), given.get(ACTOR_HEADER))
