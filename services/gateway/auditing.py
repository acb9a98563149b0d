"""Every request that changes something, or was refused to, leaves one row before it is answered.

A request that only asks leaves none, however it is sent: predictions above all.
"""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.bus.context import current_context
from libs.common.contracts.access import Caller
from libs.common.errors import ModelyardError
from libs.common.log import get_logger
from services.gateway.models import AuditRow

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ASKING = frozenset(
    {
        "/v1/deployments/{name}/predict",
        "/v1/deployments/{name}/predict/batch",
        "/v1/deployments/{name}/evaluate",
        "/forward",
        "/forward_batch",
        "/evaluate",
        "/v1/datasets/{dataset_id}/splits/preview",
        "/v1/experiments/compare",
        "/v1/evaluations/compare",
    }
)
ANONYMOUS = "anonymous"
MAX_PATH_LENGTH = 500
# Of callers who are nobody: more than this a minute tell nothing new and would only fill the disk.
STRANGERS_PER_MINUTE = 120
log = get_logger(__name__)


@dataclass
class _Strangers:
    minute: int = 0
    count: int = 0

    def is_one_too_many(self) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self.minute:
            self.minute, self.count = minute, 0
        self.count += 1
        return self.count > STRANGERS_PER_MINUTE


class Audit:
    """Where the log cannot be written, the answer goes out and the row is a line of our own log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._strangers = _Strangers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_written(message: Message) -> None:
            if message["type"] == "http.response.start" and is_audited(scope):
                await self._write(scope, message["status"])
            await send(message)

        await self._app(scope, receive, send_written)

    async def _write(self, scope: Scope, status: int) -> None:
        row = row_of(scope, status)
        if row.actor == ANONYMOUS and status >= 400 and self._strangers.is_one_too_many():
            return
        try:
            async with scope["app"].state.doors.people() as people:
                await people.audit.write(row)
        except ModelyardError as error:
            log.error("audit_not_written", action=row.action, path=row.path, status=status, code=error.code)


def is_audited(scope: Scope) -> bool:
    """What no route answers changes nothing. A route that is asked with GET says so itself."""
    route = scope.get("route")
    if route is None:
        return False
    is_change = scope["method"] in CHANGING and route.path not in ASKING
    return is_change or bool(_state(scope).get("is_audited"))


def row_of(scope: Scope, status: int) -> AuditRow:
    """`state.tried` is the account that somebody failed to sign in to."""
    state, route = _state(scope), scope["route"]
    caller: Caller | None = state.get("caller")
    client = scope.get("client")
    return AuditRow(
        actor=caller.name if caller else state.get("tried") or ANONYMOUS,
        user_id=caller.user_id if caller else None,
        token_id=caller.token_id if caller else None,
        method=scope["method"],
        route=route.path,
        action=route.name,
        path=scope["path"][:MAX_PATH_LENGTH].replace("\0", "\N{REPLACEMENT CHARACTER}"),
        project_id=state.get("project_id") or _uuid(scope.get("path_params", {}).get("project_id")),
        status=status,
        request_id=current_context().request_id,
        address=client[0] if client else None,
    )


def _state(scope: Scope) -> dict[str, Any]:
    return scope.get("state") or {}


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
