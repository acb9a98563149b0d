"""What whoever calls may see: every question to a room about more than one thing is limited to it, here."""

from contextvars import ContextVar
from typing import TypeVar

from libs.common.contracts.access import Caller
from libs.common.contracts.base import Request

Answer = TypeVar("Answer")
_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


class NobodyAsks(RuntimeError):
    """A bug: the question has to be limited, and there is nobody to whom."""


def bind_caller(caller: Caller) -> None:
    """For what is asked until the answer to this request has ended."""
    _caller.set(caller)


def limited(request: Request[Answer]) -> Request[Answer]:
    """To the caller's projects, where the room takes a limit."""
    if "within" not in type(request).model_fields:
        return request
    caller = _caller.get()
    if caller is None:
        raise NobodyAsks(request.subject)
    return request.model_copy(update={"within": caller.visible_projects()})


def is_seen(caller: Caller, project_id: object) -> bool:
    """What is of no project is seen by who sees all."""
    visible = caller.visible_projects()
    return visible is None or project_id in visible
